"""Every record's mutations as documents, with rows of the world in them: all columns as they are, or one alone."""

from collections.abc import Sequence

from tests.access.eyes import MASKS
from tests.access.matrix import literal
from tests.access.rows import official, typed_id
from tests.access.world import Row

from bangfu.registry import Node

ERRORS = "errors { row path code suggestion message }"


def changeable(nodes: Sequence[Node]) -> list[Node]:
    """The types whose rows are entered: not places, nor what became of them."""
    return [node for node in nodes if not node.is_place and node.name != "PlaceSuccession"]


def is_marked(node: Node) -> bool:
    """Whether a type has columns that are personal data."""
    return any(type_ == node.name for type_, _ in MASKS)


def touch(node: Node, rows: Sequence[Row]) -> str:
    """Gives rows the source that they have already, and looks at all of them."""
    given = ", ".join(f"{{ {_key(node, row)}, source: {_value(node, 'source', row)} }}" for row in rows)
    shown = " ".join(["id", *node.attributes])
    how = f"rows: [{given}], partial: true"
    return f"mutation {{ done: {_prefix(node)}Update({how}) {{ written entries {ERRORS} rows {{ {shown} }} }} }}"


def copy(node: Node, rows: Sequence[Row]) -> str:
    """Tries to enter rows like those, with personal data and all."""
    return _dry(node, "Create", ", ".join(f"{{ {_whole(node, row, marked=True)} }}" for row in rows))


def rewrite(node: Node, rows: Sequence[Row], *, marked: bool) -> str:
    """Tries to give rows all that they have, personal data among it or not."""
    given = ", ".join(f"{{ {_key(node, row)}, {_whole(node, row, marked=marked)} }}" for row in rows)
    return _dry(node, "Update", given)


def remove(node: Node, rows: Sequence[Row]) -> str:
    """Tries to delete rows."""
    return _dry(node, "Delete", ", ".join(f"{{ {_key(node, row)} }}" for row in rows))


def owner_of(node: Node, row: Row) -> tuple[str, str]:
    """What a row is about, as it is entered."""
    for column, name in (("person_id", "person"), ("household_id", "household")):
        if column in row:
            return name, f"{name}:{row[column]}"
    return "place", official(row["place_code"])


def _dry(node: Node, action: str, given: str) -> str:
    how = f"rows: [{given}], partial: true, dryRun: true"
    return f"mutation {{ done: {_prefix(node)}{action}({how}) {{ written entries {ERRORS} }} }}"


def _whole(node: Node, row: Row, *, marked: bool) -> str:
    name, owner = owner_of(node, row)
    left_out = {"version", "place_code"}
    if not marked:
        left_out |= {column for type_, column in MASKS if type_ == node.name}
    columns = [each for each in node.attributes.values() if each.column not in left_out]
    values = [f"{each.name}: {_value(node, each.name, row)}" for each in columns]
    return ", ".join([f'{name}: "{owner}"', *values])


def _key(node: Node, row: Row) -> str:
    return f'id: "{typed_id(node, row)}", version: {row.get("version", 1)}'


def _value(node: Node, name: str, row: Row) -> str:
    attribute = node.attributes[name]
    value = row.get(attribute.column)
    return "null" if value is None else literal(attribute, value)


def _prefix(node: Node) -> str:
    return node.name[0].lower() + node.name[1:]
