"""Every field by every way in, asked by every sort of viewer on both paths, is what the policy says over plain rows."""

import json
from collections import Counter

import pytest
from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from tests.access.asked import Asked, faults
from tests.access.entering import changeable, copy, remove, rewrite, touch
from tests.access.eyes import MASKS
from tests.access.matrix import Case, Matrix
from tests.access.proceeding import everything
from tests.access.rows import Rows
from tests.access.test_history import LOGGED
from tests.access.test_importing import APPLIED, PLANNED, PLANS
from tests.access.test_redrawing import REDRAWN
from tests.access.test_subscriptions import DOCUMENTS as SUBSCRIPTIONS
from tests.access.test_undoing import UNDONE
from tests.access.traces import Traces
from tests.access.viewers import viewers
from tests.access.world import Maker, platform
from tests.compile.paths import EXAMPLES

from bangfu_schema import Graph

IS_LONG = EXAMPLES > 200
SHARES = (1, 1, 1) if IS_LONG else (8, 12, 6)
"""`make test-long` asks each case of every viewer. Otherwise one or two viewers are asked, fewer where it takes long:
each time others, so that each sort of viewer asks by each way in, though not for each type."""

_CHANGING = (REDRAWN, UNDONE, PLANNED, APPLIED, PLANS)
"""What changes many rows at once."""

_INSTALLED = platform()
_NAMES = list(viewers(_INSTALLED))


@pytest.fixture(scope="module")
def cases(asked: Asked) -> list[Case]:
    return Matrix(asked.rows, together=1 if IS_LONG else 6).cases()


@pytest.fixture(scope="module")
def traces(asked: Asked) -> Traces:
    return Traces(asked.rows)


@pytest.mark.parametrize("name", _NAMES)
def test_a_viewer_is_answered_what_it_may_see(asked: Asked, cases: list[Case], traces: Traces, name: str) -> None:
    """On both paths: nothing else, nothing less; and no byte of an answer is of a row or a column that is kept back."""
    viewer, number = asked.viewers[name], _NAMES.index(name)
    oracle, hidden = asked.oracle(viewer), traces.hidden(asked.eyes(viewer))
    wrong: list[str] = []
    count: Counter[str] = Counter()
    for index, case in enumerate(cases):
        for variables in case.variables:
            refused = oracle.refused(case.document, variables)
            share = SHARES[2 if refused else int(case.is_costly)]
            if (case.is_refusal and not refused) or (index + number) % share:
                continue
            count["refused" if refused else "answered"] += 1
            expected = {} if refused else oracle.answer(case.document, variables)
            sent = traces.found(f"{case.document} {json.dumps(variables)}")
            for plainly in (False, True):
                answer = asked.answer(viewer, case.document, variables, plainly=plainly)
                told = f"{case.name} {variables} {'plainly' if plainly else 'compiled'}"
                wrong += [f"{told} tells {each}" for each in sorted((traces.found(answer) & hidden) - sent)]
                wrong += [f"{told}: {each}" for each in faults(answer, expected, refused)]
    assert not wrong, "\n".join([f"{len(wrong)} in all", *wrong[:20]])
    assert count["answered"] > (500 if IS_LONG else 30), count
    assert (count["refused"] > 0) == (name in _REFUSED), count


_REFUSED = ("analyst", "village", "sector", "sector in a township", "persons only", "none")


def test_what_is_refused_does_not_keep_the_rest_from_being_answered(asked: Asked) -> None:
    document = """{ household(id: "household:620502000000001") { id } districts { nodes { name } }
        node(id: "industryHerd:620502000000001") { id } viewer { name permissions } }"""
    for plainly in (False, True):
        found = json.loads(asked.answer(asked.viewers["none"], document, plainly=plainly))
        assert [(error["path"], error["extensions"]["code"]) for error in found["errors"]] == [
            (["household"], "FORBIDDEN"),
            (["node"], "FORBIDDEN"),
        ]
        assert len(found["data"]["districts"]["nodes"]) == 2
        assert found["data"]["viewer"] == {"name": "somebody", "permissions": []}


def test_whether_a_row_is_there_makes_no_difference_to_a_refusal(asked: Asked) -> None:
    for field in ("household", "person"):
        answers = {
            asked.answer(asked.viewers["sector"], f'{{ {field}(id: "{field}:{key}") {{ id }} }}', plainly=plainly)
            for key in (620502000000001, 620502000999999)
            for plainly in (False, True)
        }
        assert len(answers) == 1


CATALOGUE = """{
    plugins { name title { zh en } department { zh en } version api needs
        records { name type title { zh } grain fields { name title { en } unit { name title { zh } } sensitive } }
        measures { name } indicators { name } }
    measures { name plugin field title { zh } unit { name title { en } } overTime overPlaces grain }
    indicators { name measure { name } atMost }
}"""
WHO = "{ viewer { name roles places isEverywhere permissions } }"


def test_the_catalogue_is_told_to_everybody(asked: Asked) -> None:
    answers = {asked.answer(viewer, CATALOGUE) for viewer in asked.viewers.values()}
    assert len(answers) == 1
    assert '"errors"' not in answers.pop()


def test_a_viewer_is_told_who_it_is(asked: Asked) -> None:
    for viewer in asked.viewers.values():
        found = json.loads(asked.answer(viewer, WHO))["data"]["viewer"]
        assert (found is None) == (viewer is None)
        if viewer is not None:
            assert found["permissions"] == sorted(viewer.permissions)
            assert [int(code.ljust(15, "0")) for code in found["places"]] == list(viewer.places)
            assert found["isEverywhere"] == viewer.is_everywhere


def test_every_field_of_the_schema_has_its_case() -> None:
    """Each field of each object, and each field of each input: a new one without a case is told here."""
    schema = Graph(_INSTALLED).compiler.schema
    rows = Rows(_INSTALLED, Maker(_INSTALLED).make())
    documents = [case.document for case in Matrix(rows).cases()]
    for node in changeable(list(rows.graph.nodes.values())):
        some = rows.all(node)[:1]
        documents += [touch(node, some), copy(node, some), rewrite(node, some, marked=True)]
        documents.append(remove(node, some))
    documents.append(everything(rows))
    seen: set[str] = set()
    logged = f'{{ history(id: "") {{ {LOGGED} }} auditLog(district: "") {{ {LOGGED} }} }}'
    for node in rows.graph.nodes.values():
        own = f"... on {node.name} {{ history {{ {LOGGED} }} }}"
        documents.append(f'{{ nodeAsOf(id: "", asOf: "2015-10-31") {{ {own} }} }}')
    for document in [*documents, *SUBSCRIPTIONS, CATALOGUE, WHO, logged, *_CHANGING]:
        _see(document, schema, seen)
    assert sorted(_fields(schema) - seen) == []


def test_what_is_sensitive_is_written_down() -> None:
    """In the policy of the tests, which so does not follow from the declarations that it checks."""
    marked = {
        (node.name, attribute.column): attribute.field.sensitive.name
        for node in _INSTALLED.graph.nodes.values()
        for attribute in node.attributes.values()
        if attribute.field.sensitive is not None
    }
    assert marked == MASKS


def _fields(schema: GraphQLSchema) -> set[str]:
    return {
        f"{name}.{field}"
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLInputObjectType) and not name.startswith("__")
        for field in type_.fields
    }


def _see(document: str, schema: GraphQLSchema, seen: set[str]) -> None:
    info = TypeInfo(schema)
    visit(parse(document), TypeInfoVisitor(info, _Seeing(info, seen)))


class _Seeing(Visitor):
    def __init__(self, info: TypeInfo, seen: set[str]) -> None:
        super().__init__()
        self._info = info
        self._seen = seen

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Notes a field of an object."""
        parent = self._info.get_parent_type()
        assert parent is not None
        self._seen.add(f"{parent.name}.{node.name.value}")

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """Notes a field of an input, whose own type is known by where it stands."""
        parent = get_named_type(self._info.get_parent_input_type())
        if parent is not None:
            self._seen.add(f"{parent.name}.{node.name.value}")
