"""What a mutation is given and what it gives: rows to enter, rows that have changed, and why some were not taken."""

from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from bangfu.declare.text import Text
from bangfu.registry import Attribute, Node
from bangfu.registry.graph import Graph
from bangfu.registry.nodes import camel
from bangfu.write.outcome import Action
from bangfu.write.owners import owner_column
from bangfu_schema.derive.annotations import listed
from bangfu_schema.derive.enums import CHANGE_ERROR_CODE, Enums, Language
from bangfu_schema.derive.fields import DerivedField, OfChanged
from bangfu_schema.derive.inputs import Members, make_input, prefix_of
from bangfu_schema.derive.objects import SCALARS_OF, make_object
from bangfu_schema.derive.scalars import PlaceCode

_OWNERS: dict[str, tuple[str, Any, str]] = {
    "place_code": ("place", PlaceCode, "區劃代碼 The official code of the place that the row is about."),
    "household_id": ("household", strawberry.ID, "戶編號 The household, as in `household:620502000000001`."),
    "person_id": ("person", strawberry.ID, "人員編號 The person, as in `person:620502000000001`."),
}
"""What a row is about: how it is called where it is entered, by the column it stands in."""

_DEFAULTS = {
    "source": "who enters it",
    "basis": "`ADMINISTRATIVE`",
    "recorded_on": "the reporting date",
    "valid_from": "the date to which the row belongs",
}
"""What a new row holds where nothing is given, by its columns."""

_VERSION = "The version that was read: where somebody has changed the row since, it is not changed."


@strawberry.input(name="RowVersion", description="A row, and the version of it that was read.")
class RowVersion:
    """A row, and the version of it that was read."""

    id: strawberry.ID = strawberry.field(description="Its id, as in `household:620502000000001`.")
    version: int = strawberry.field(description=_VERSION)


RowVersion.__strawberry_definition__.from_input = lambda _type, value, _context: dict(value)  # type: ignore[attr-defined]


@strawberry.type
class ErrorEntry:
    """Why something is not taken as it is given; of rows and of procedures there is a type each."""

    path: list[str] = strawberry.field(description='What has to change, as `["rows", "2", "area"]` or `["place"]`.')
    code: str = strawberry.field(description="The kind of mistake.", graphql_type=CHANGE_ERROR_CODE)
    suggestion: str | None = strawberry.field(description="What was probably meant.")
    told: strawberry.Private[Text]

    @strawberry.field(  # type: ignore[untyped-decorator]  # with arguments it is typed as Any
        description="What is wrong, in words for the one who entered it."
    )
    def message(self, language: Language = Language.ZH) -> str:
        """What is wrong, in a language."""
        return self.told.zh if language is Language.ZH else self.told.en


@strawberry.type(name="ChangeError", description="Why one row cannot be taken as it is given.")
class ChangeErrorEntry(ErrorEntry):
    """Why one row cannot be taken as it is given."""

    row: int = strawberry.field(description="Its position among the rows given, counted from 0.")


def changeable(graph: Graph) -> list[Node]:
    """The nodes whose rows are entered one by one: all but places and what became of them, which change together."""
    return [node for node in graph.nodes.values() if not node.is_place and node is not graph.succession]


def name_of(node: Node, column: str) -> str:
    """How a column is called where a row of a node is entered."""
    return _OWNERS[column][0] if column == owner_column(node.record) else camel(column)


def entered(node: Node) -> dict[str, Attribute]:
    """What is entered of a row, by its names, besides its keys and what it is about."""
    owner = owner_column(node.record)
    return {name: each for name, each in node.attributes.items() if each.column not in (owner, "version")}


def entry_fields() -> list[StrawberryField]:
    """What every payload tells of what was written."""
    return [
        DerivedField.of(
            "written", int, OfChanged("written"), description="How many rows were changed; 0 in a dry run."
        ),
        DerivedField.of(
            "entries",
            list[int],
            OfChanged("entries"),
            description="The numbers of the entries that were made in the log of changes, one for each district.",
        ),
    ]


class RowTypes:
    """The inputs and the payloads of a graph's mutations."""

    def __init__(self, enums: Enums, types: dict[Node, Any]) -> None:
        self._enums = enums
        self._types = types

    def input(self, node: Node, action: Action) -> Any:  # the input class
        """The input of one row for an action."""
        title = f"{node.title.zh} {node.title.en}"
        match action:
            case Action.CREATE:
                owner = owner_column(node.record)
                members = self._members(node)
                required = [_OWNERS[owner][0]]
                required += [
                    name for name, each in entered(node).items() if not (each.nullable or each.column in _DEFAULTS)
                ]
                name = f"{node.name}Input"
                return make_input(type(name, (), {}), name, members, f"A new row: {title}.", required=required)
            case Action.UPDATE:
                keys: Members = {
                    "id": (strawberry.ID, f"Its id, as in `{node.prefix}:620502000000001`."),
                    "version": (int, _VERSION),
                }
                name = f"{node.name}Update"
                told = f"What is to change in a row: {title}. What is left out stays; null takes a value away."
                members = keys | self._members(node)
                return make_input(type(name, (), {}), name, members, told, required=keys)
        return RowVersion

    def payload(self, node: Node) -> Any:  # the class itself
        """The type of what came of a change of a node's rows."""
        rows = listed(self._types[node] | None)
        told = "The rows as they stand now, in the order given; null for one that was not taken or is deleted."
        fields: list[StrawberryField] = [
            DerivedField.of("rows", rows, OfChanged("rows"), description=told),
            DerivedField.of(
                "errors",
                list[ChangeErrorEntry],
                OfChanged("errors"),
                description="Why rows were not taken; with any of these nothing was written, unless it was `partial`.",
            ),
            *entry_fields(),
        ]
        name = f"{node.name}Change"
        told = f"What came of a change: {node.title.zh} {node.title.en}."
        return make_object(type(name, (), {}), name, fields, told)

    def _members(self, node: Node) -> Members:
        name, type_, told = _OWNERS[owner_column(node.record)]
        members: Members = {name: (type_, told)}
        for each in entered(node).values():
            members[each.name] = (self._type(node, each), described(each))
        return members

    def _type(self, node: Node, attribute: Attribute) -> Any:  # any Strawberry annotation
        choice = attribute.field.choice
        return SCALARS_OF[attribute.kind] if choice is None else self._enums.of(choice, prefix_of(attribute, node))


def described(attribute: Attribute) -> str:
    """What people call a column, and what may be entered."""
    field = attribute.field
    unit = f" Unit: {field.unit}." if field.unit else ""
    least, most = field.least, field.most
    limits = "" if least is None else f" At least {least:,}."
    limits += "" if most is None else f" At most {most:,}."
    default = f" By default {_DEFAULTS[attribute.column]}." if attribute.column in _DEFAULTS else ""
    marked = " Sensitive: takes `personal:read`." if field.sensitive else ""
    gone = f" {field.deprecation.told}" if field.deprecation else ""
    return f"{field.title.zh} {field.title.en}.{unit}{limits}{default}{marked}{gone}"
