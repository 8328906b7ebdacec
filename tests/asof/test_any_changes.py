"""Whatever was changed in whatever order: as of a day the graph tells what a model in Python does, to whoever asks."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from tests.access.asked import Asked, differences, without_cursors
from tests.access.oracle import Oracle
from tests.access.world import HERE, TODAY, Row
from tests.asof.past import LATER, Past, codes_inside
from tests.compile.paths import EXAMPLES

from bangfu.access import EVERYTHING, Policy, Viewer
from bangfu.registry import Node
from bangfu.write.outcome import Action
from bangfu_schema.execute import service
from bangfu_schema.execute.encoding import encoded

ACTIONS = ("update", "update", "update", "move", "move", "create", "delete", "delete", "undo", "undo")
NAMES = (
    "Household",
    "Household",
    "Person",
    "IndustryPlanting",
    "IndustryPlanting",
    "IndustryHerd",
    "IndustryCropArea",
    "PublicServicesPension",
    "PublicServicesAllowance",
    "Target",
)
WANDERERS = ("Household", "Household", "Person", "IndustryPlanting", "IndustryCropArea", "PublicServicesPension")
_WITHIN = f'within: "{HERE}", asOf: "{TODAY}"'
_MEASURES = "orchardArea { value reported source isWithheld target status } plantedArea { value isWithheld }"
DOCUMENTS = (
    f"""{{ households({_WITHIN}, first: 1000) {{ totalCount nodes {{ id category houseArea village {{ code }}
        head {{ id }} members {{ totalCount nodes {{ id education }} }} memberCount
        industry {{ plantings {{ nodes {{ id area crop }} }} herdCount }} }} }} }}""",
    f"""{{ industry {{ plantings({_WITHIN}, first: 1000, orderBy: [{{ area: DESC }}]) {{ totalCount
        nodes {{ id version area household {{ id category }} }} }}
        herds({_WITHIN}, first: 1000) {{ nodes {{ id animals }} }}
        cropAreas({_WITHIN}, first: 1000) {{ nodes {{ id area village {{ code }} }} }} }} }}""",
    f"""{{ households({_WITHIN}, first: 1000, filter: {{
        industry: {{ plantings: {{ some: {{ area: {{ gt: 5000 }} }} }} }},
        members: {{ every: {{ education: {{ ne: NONE }} }} }} }}, orderBy: [{{ houseArea: ASC }}]) {{
        totalCount nodes {{ id }} }} }}""",
    f"""{{ publicServices {{ pensions({_WITHIN}, first: 1000) {{ totalCount nodes {{ id
        person {{ id household {{ id }} }} }} }}
        allowances({_WITHIN}, first: 1000) {{ nodes {{ id household {{ id }} }} }} }} }}""",
    f"""{{ townships({_WITHIN}) {{ nodes {{ code householdCount industry {{ MEASURES }} villages {{ nodes {{ code
        register {{ MINE }} }} }} }} }} }}""",
    f"{{ targets({_WITHIN}, first: 1000) {{ totalCount nodes {{ id value }} }} }}",
    f'{{ district(code: "{HERE}", asOf: "{TODAY}") {{ name industry {{ MEASURES }} publicServices {{ OTHERS }} }} }}',
)


@pytest.fixture(scope="module")
def past(asked: Asked) -> Past:
    return Past(asked)


@pytest.fixture(scope="module")
def documents(asked: Asked) -> list[str]:
    """The documents, with some measures of each namespace in them."""
    core = asked.rows.graph.core
    township = next(node for node in core.values() if node.name == "Township")

    def some(space: str, node: Node = township) -> str:
        if space not in node.namespaces:
            return "__typename"
        names = list(node.namespaces[space].measures)[:8]
        return " ".join(f"{name} {{ value reported isWithheld }}" for name in names)

    made = []
    for document in DOCUMENTS:
        document = document.replace("register { MINE }", f"publicServices {{ {some('publicServices')} }}")
        made.append(document.replace("MEASURES", some("industry")).replace("OTHERS", some("publicServices")))
    return made


def draw_change(
    past: Past, data: st.DataObject, names: Sequence[str] = NAMES, actions: Sequence[str] = ACTIONS
) -> None:
    """One change that may be made, or refused; or an earlier one that is taken back."""
    name, action = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(actions))
    if action == "undo":
        if past.entries:
            past.undo(data.draw(st.integers(1, len(past.entries))))
        return
    node = past.node(name)
    row = data.draw(st.sampled_from(past.rows(node)))
    which = {"id": row["id"], "version": row["version"]}
    if action == "delete":
        past.change(name, Action.DELETE, which)
    elif action == "create":
        if name in ("Household", "Person", "Target"):
            return
        left_out = ("id", "version", "district_code", "source", "level")
        given = {key: value for key, value in row.items() if key not in left_out}
        past.change(name, Action.CREATE, given, given)
    elif action == "move":
        past.change(name, Action.UPDATE, which | moved(past, row, data))
    else:
        past.change(name, Action.UPDATE, which | touched(node, row, data))


def moved(past: Past, row: Row, data: st.DataObject) -> Row:
    """Another owner: a place, a household or a person of the district."""
    if "household_id" in row:
        return {"household_id": data.draw(st.sampled_from(past.rows(past.node("Household"))))["id"]}
    if "person_id" in row:
        return {"person_id": data.draw(st.sampled_from(past.rows(past.node("Person"))))["id"]}
    return {"place_code": data.draw(st.sampled_from(codes_inside(past.tables, HERE * 10**9, 3, 4)))}


def touched(node: Node, row: Row, data: st.DataObject) -> Row:
    """Other values in some of a row's columns: amounts, choices, and until when it holds."""
    found: Row = {}
    for attribute in node.attributes.values():
        name = attribute.column
        if name == "valid_to" and node.plugin is not None:
            day = data.draw(st.sampled_from([None, TODAY, LATER]))
            found[name] = day if day is None or day > row["valid_from"] else None
        elif attribute.kind.value == "decimal" and attribute.field.unit != "percent":
            found[name] = Decimal(data.draw(st.integers(1, 9))) * 1000
        elif name in ("education", "category"):
            assert attribute.field.choice is not None
            found[name] = data.draw(st.sampled_from(list(attribute.field.choice)))
    return found


@contextmanager
def forgetting(wall: bool) -> Iterator[None]:
    """Statements that say nothing of who asks; or no wall behind them."""
    patch = pytest.MonkeyPatch()
    real, asked = service.wall_of, []

    def forget(viewer: Viewer | None, small_cell: int) -> Policy:
        asked.append(Policy(viewer, small_cell))
        return EVERYTHING

    if wall:
        patch.setattr(service, "wall_of", lambda _: None)
    else:
        patch.setattr(service, "Policy", forget)
        patch.setattr(service, "wall_of", lambda _: real(asked[-1]))
    try:
        yield
    finally:
        patch.undo()


def ask(asked: Asked, viewer: Viewer | None, document: str, *, plainly: bool) -> dict[str, Any]:
    """An answer to a request that stands on the later day."""
    found = asked.graph.execute(asked.database, document, today=LATER, viewer=viewer, plainly=plainly)
    answer: dict[str, Any] = json.loads(encoded(asked.run(found)).decode())
    return answer


@settings(
    max_examples=8 if EXAMPLES <= 200 else 80,
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
    database=None,
)
@given(data=st.data())
def test_what_was_is_told_as_the_model_has_it(
    asked: Asked, past: Past, documents: list[str], data: st.DataObject
) -> None:
    """Rows, links, filters, totals and measures, on both paths, to several viewers, as of a moment between changes."""
    past.begin_again()
    for _ in range(data.draw(st.integers(5, 25))):
        draw_change(past, data)
    first = data.draw(st.integers(0, len(past.entries)))
    past.date(first)
    event(f"{len(past.entries)} entries, {past.undone} taken back")
    for name in data.draw(st.lists(st.sampled_from(list(asked.viewers)), min_size=2, max_size=3, unique=True)):
        viewer = asked.viewers[name]
        eyes = past.eyes(viewer, first)
        for document in documents:
            oracle = Oracle(eyes)
            refused = oracle.refused(document, {})
            expected = {} if refused else oracle.answer(document, {})
            for plainly in (False, True):
                found = ask(asked, viewer, document, plainly=plainly)
                told = f"{name}, {first} of {len(past.entries)}, {'plainly' if plainly else 'compiled'}: {document}"
                if refused:
                    assert found.get("data") in (None, dict.fromkeys(refused)), told
                    continue
                assert "errors" not in found, f"{told}: {found['errors']}"
                wrong = list(differences(without_cursors(found["data"]), expected))
                assert not wrong, "\n".join([told, *wrong[:5]])


@settings(
    max_examples=4 if EXAMPLES <= 200 else 40,
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
    database=None,
)
@given(data=st.data())
@pytest.mark.parametrize("wall", [True, False], ids=["the statements alone", "the wall alone"])
def test_each_of_the_two_walls_holds_by_itself(asked: Asked, past: Past, data: st.DataObject, wall: bool) -> None:
    """Which rows there are is the same without the other one."""
    past.begin_again()
    for _ in range(30):
        draw_change(past, data, WANDERERS, ("move", "move", "move", "delete"))
    first = data.draw(st.integers(0, len(past.entries)))
    past.date(first)
    lists = {
        "Household": "households({}) {{ nodes {{ id }} }}",
        "IndustryPlanting": "industry {{ plantings({}) {{ nodes {{ id }} }} }}",
        "IndustryCropArea": "industry {{ cropAreas({}) {{ nodes {{ id }} }} }}",
        "PublicServicesPension": "publicServices {{ pensions({}) {{ nodes {{ id }} }} }}",
    }
    for name, viewer in asked.viewers.items():
        if viewer is None:
            continue
        eyes = past.eyes(viewer, first)
        for type_, pattern in lists.items():
            node = past.node(type_)
            if wall and not eyes.may(
                {"Household": "register:read"}.get(type_, f"{node.plugin and node.plugin.name}:read")
            ):
                continue  # refused, whatever rows there are
            expected = [row["id"] for row in eyes.all(node) if row["district_code"] == HERE]
            document = f"{{ {pattern.format(f'{_WITHIN}, first: 1000')} }}"
            for plainly in (False, True):
                with forgetting(wall):
                    found = ask(asked, viewer, document, plainly=plainly)
                assert "errors" not in found, f"{name}: {found['errors']}"
                (page,) = found["data"].values()
                page = page if "nodes" in page else next(iter(page.values()))
                assert [int(each["id"].partition(":")[2]) for each in page["nodes"]] == expected, f"{name} {document}"
