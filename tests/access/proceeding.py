"""Procedures as documents, with rows of the world in them; all but those that leave things as they are in dry runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.access.rows import Rows, official
from tests.access.world import Row

from bangfu import Grain
from bangfu.registry import Node

ERRORS = "errors { path code suggestion message }"
_ON = '"2015-10-30"'


@dataclass(frozen=True)
class Try:
    """One procedure as it is tried, with the rows that it names, in the order in which they are looked for."""

    text: str
    named: tuple[tuple[str, Row], ...]
    is_shown: bool = False
    """Whether it is carried out, and shows the row."""

    @property
    def name(self) -> str:
        """The mutation's name."""
        return self.text.partition("(")[0]


def stays(rows: Rows, homes: Sequence[Row], people: Sequence[Row]) -> list[Try]:
    """Households move to where they live, on the day on which they stand there; people are found: nothing changes."""
    home, person = (_columns(rows.graph.core[grain]) for grain in (Grain.HOUSEHOLD, Grain.PERSON))
    found = []
    for row in homes:
        given = f'{_one("household", row)}, place: "{official(row["place_code"])}", on: "{row["recorded_on"]}"'
        found.append(Try(_call("householdMove", given, home), (("household", row),), is_shown=True))
    for row in people:
        text = _call("personFind", f'person: "person:{row["id"]}"', person)
        found.append(Try(text, (("person", row),), is_shown=True))
    return found


def tries(homes: Sequence[Row], people: Sequence[Row]) -> list[Try]:
    """Every other procedure, with each household and the one after it, and with each person."""
    found = []
    others = [*homes[1:], homes[0]]
    for home, other in zip(homes, others, strict=True):
        here, there = ("household", home), f'"household:{other["id"]}"'
        split = f'{_one("household", home)}, members: ["person:1"], head: "person:1", remainingHead: "person:1"'
        somebody = f"person:{home['district_code']}000999999"
        found += [
            Try(_dry("householdSplit", f"{split}, place: {_place(home)}".replace("person:1", somebody)), (here,)),
            Try(_dry("householdMerge", f"{_one('household', home)}, into: {there}"), (here, ("into", other))),
            Try(_dry("personBirth", f'{_birth}, household: "household:{home["id"]}"'), (here,)),
        ]
    for index, person in enumerate(people):
        here, other = ("person", person), homes[index % len(homes)]
        join = f'{_one("person", person)}, household: "household:{other["id"]}", relation: OTHER, {_HEIR}'
        found += [
            Try(_dry("personJoin", join), (here, ("household", other))),
            Try(_dry("personLeave", f"{_one('person', person)}, departure: DIED, {_HEIR}"), (here,)),
        ]
    return found


def everything(rows: Rows) -> str:
    """A document with every procedure and all that can be asked of it."""
    homes, people = rows.tables["household"][:2], rows.tables["person"][:1]
    return document([*stays(rows, homes[:1], people), *tries(homes, people)])


def document(tried: Sequence[Try]) -> str:
    """Several in one document."""
    return f"mutation {{ {' '.join(f't{index}: {each.text}' for index, each in enumerate(tried))} }}"


_HEIR = 'newHead: "person:620502000999999"'
_birth = 'name: "王小寶", sex: MALE, idNumber: null, relation: CHILD'


def _place(home: Row) -> str:
    return f'"{official(home["place_code"])}"'


def _one(name: str, row: Row) -> str:
    return f'{name}: "{name}:{row["id"]}", version: {row["version"]}'


def _columns(node: Node) -> str:
    return " ".join(["id", *node.attributes])


def _dry(name: str, given: str) -> str:
    return _call(name, f"{given}, on: {_ON}, dryRun: true", "id")


def _call(name: str, given: str, shown: str) -> str:
    return f"{name}({given}) {{ written entries {ERRORS} row {{ {shown} }} }}"
