"""What a viewer reads of personal data is logged: the fields that were shown or compared by, and of how many rows."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries
from tests.compile.paths import EXAMPLES
from tests.compile.tame import Tame
from tests.compile.test_paths_agree import IDS, PARTS, SCALARS
from tests.compile.watched import Watched

HOME, PERSON = "household:620502000000580", "person:620502000002707"
IN = 'within: "620502"'


PATIENT: dict[str, Any] = {
    "deadline": None,
    "derandomize": EXAMPLES <= 200,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}


@pytest.mark.parametrize("fields", PARTS[2:], ids=lambda fields: fields[0])
@settings(max_examples=max(EXAMPLES // 25, 1), **PATIENT)
@given(data=st.data())
def test_the_log_says_what_any_answer_shows(watched: Watched, fields: tuple[str, ...], data: st.DataObject) -> None:
    """Random questions over the whole schema and odd rows."""
    schema = watched.paths.graph.compiler.schema
    tame = Tame(schema, IDS)
    asked = queries(schema, fields=fields, custom_scalars=SCALARS, print_ast=tame, allow_x00=False, allow_null=False)
    watched.check(data.draw(asked))


def listed(name: str, within: str, arguments: list[str], row: Callable[[], str], choose: Any) -> str:
    """A list in one of its forms."""
    parts = choose(["nodes", "edges", "page", "total"])
    shown = [
        f"nodes {{ {row()} }}" if "nodes" in parts else "",
        f"rows: edges {{ {choose(['c: cursor', '__typename'])[0]} node {{ {row()} }} }}" if "edges" in parts else "",
        "pageInfo { startCursor end: endCursor }" if "page" in parts else "",
        "totalCount" if "total" in parts else "",
    ]
    given = ", ".join(each for each in (within, *arguments) if each)
    return f"{name}{f'({given})' if given else ''} {{ {' '.join(shown)} }}"


@st.composite
def about_people(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A question about people, in any of the ways there are."""

    def choose(among: list[str]) -> list[str]:
        return draw(st.lists(st.sampled_from(among), min_size=1, max_size=4, unique=True))

    def arguments(filters: list[str], orders: list[str]) -> list[str]:
        some = [f"first: {draw(st.integers(0, 4))}"]
        if draw(st.booleans()):
            some.append(f"filter: {{ {draw(st.sampled_from(filters))} }}")
        if draw(st.booleans()):
            some.append(f"orderBy: [{', '.join(choose(orders))}]")
        return some

    def person() -> str:
        return " ".join(
            choose([*_PERSON, "...P", "... on Person { n: name @skip(if: $off) }", f"publicServices {{ {grants()} }}"])
        )

    def grants(within: str = "") -> str:
        given = arguments(_GRANT_FILTERS, ["{kind: ASC}", "{version: ASC}"])
        return listed("welfareGrants", within, given, grant, choose)

    def grant() -> str:
        return " ".join(choose(["id", "kind", "k: kind", "monthlyAmount", "person { id name @include(if: $off) }"]))

    def home() -> str:
        members = listed("members", "", arguments(_PERSON_FILTERS, _PERSON_ORDERS), person, choose)
        return " ".join(choose(["id", members, members, f"head {{ {person()} }}", f"h: head {{ {person()} }}"]))

    roots = [
        listed("households", IN, arguments(_HOME_FILTERS, _HOME_ORDERS), home, choose),
        f'household(id: "{draw(st.sampled_from([HOME, "household:620502009999999"]))}") {{ {home()} }}',
        f'person(id: "{PERSON}") {{ {person()} }}',
        f'node(id: "{PERSON}") {{ ... on Person {{ {person()} }} ... on Household {{ id }} }}',
        f'village(code: "620502108207") {{ {listed("households", "", ["first: 3"], home, choose)} }}',
        f"publicServices {{ {grants(IN)} }}",
        f"partyBuilding {{ {listed('partyOrganisations', IN, ['first: 3'], lambda: 'id s: secretary', choose)} }}",
    ]
    fields = [f"f{number}: {each}" for number, each in enumerate(choose(roots))]
    head = "query Q($off: Boolean!, $text: String!, $order: OrderDirection!)"
    # Each variable and fragment has to be used.
    people = "filter: { members: { some: { name: { ne: $text } } } }, orderBy: [{ houseArea: $order }]"
    fields.append(f"used: households({IN}, first: 0, {people}) @skip(if: $off) {{ totalCount }}")
    fields.append(f'spread: person(id: "{PERSON}") @include(if: $off) {{ ...P }}')
    document = f"{head} {{ {' '.join(fields)} t: __typename }} fragment P on Person {{ p: name idNumber }}"
    values = {"off": draw(st.booleans()), "text": draw(st.sampled_from(["", "張", "6205"])), "order": "DESC"}
    return document, values


_PERSON = ["id", "i: id", "name", "idNumber", "health", "a: health", "sex", "household { id }"]
_PERSON_FILTERS = [
    "name: { startsWith: $text }",
    "idNumber: { isNull: false }",
    "not: { health: { in: [HEALTHY] } }",
    'or: [{ sex: { eq: MALE } }, { and: [{ name: { ne: "x" } }] }]',
    "sex: { eq: MALE }",
    "publicServices: { welfareGrants: { none: { kind: { isNull: false } } } }",
]
_PERSON_ORDERS = ["{name: ASC}", "{sex: ASC}", "{health: $order}"]
_HOME_FILTERS = [
    "members: { some: { name: { contains: $text } }, none: { idNumber: { eq: $text } } }",
    "head: { health: { isNull: true } }",
    "houseArea: { gt: 1 }",
]
_HOME_ORDERS = ["{head: {name: ASC}}", "{houseArea: DESC}", "{head: {health: $order}}"]
_GRANT_FILTERS = ["kind: { isNull: false }", "person: { name: { contains: $text } }", "monthlyAmount: { gt: 0 }"]


@settings(max_examples=EXAMPLES // 2, **PATIENT)
@given(asked=about_people())
def test_the_log_says_what_an_answer_about_people_shows(watched: Watched, asked: tuple[str, dict[str, Any]]) -> None:
    """Aliases, fragments, directives, links, cursors, filters and orderings at every depth."""
    read = watched.check(*asked)
    event("logged" if read is not None else "nothing personal")
