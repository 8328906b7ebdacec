"""Requirements (完整性與邏輯校驗): what has to be known of households and places, what must agree with itself."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from bangfu.declare.grain import Grain
from bangfu.declare.records import Record
from bangfu.declare.text import Text


class RequirementKind(Enum):
    """What sort of requirement it is; the value is the field under which the graph tells it."""

    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"

    @property
    def title(self) -> Text:
        """The kind's name."""
        return _TITLES[self]

    @property
    def word(self) -> str:
        """What something is of which all requirements of the kind hold: `complete`."""
        return "complete" if self is RequirementKind.COMPLETENESS else "consistent"


COMPLETENESS = RequirementKind.COMPLETENESS
CONSISTENCY = RequirementKind.CONSISTENCY

_TITLES = {
    COMPLETENESS: Text("資料齊全", "All that is required is there"),
    CONSISTENCY: Text("數據一致", "Nothing contradicts itself"),
}


@dataclass(frozen=True)
class Group:
    """What requirements belong to, as an item of 五清: `Group("tasks", Text("工作任務清", "Tasks are clear"))`."""

    name: str
    title: Text


class MendingAction(Enum):
    """How a row is changed to mend something; the value is that of the mutation."""

    ENTER = "create"
    CORRECT = "update"


@dataclass(frozen=True)
class Mend:
    """What mends a requirement that is not met: rows of a record to enter or to correct, and which column of them."""

    record: type[Record]
    action: MendingAction
    column: str | None = None

    @classmethod
    def enter(cls, record: type[Record]) -> "Mend":
        """A row is missing."""
        return cls(record, MendingAction.ENTER)

    @classmethod
    def correct(cls, what: "type[Record] | InstrumentedAttribute[Any]") -> "Mend":
        """A row is there, and something in it is missing or wrong: in one column, where that is known."""
        if isinstance(what, InstrumentedAttribute):
            record: Any = what.class_
            return cls(record, MendingAction.CORRECT, what.key)
        return cls(what, MendingAction.CORRECT)


@dataclass(frozen=True, kw_only=True, eq=False)
class Requirement:
    """A condition that has to hold of each household, person or place of a level; told with what would mend it.

    `holds` is given `Household`, `Person` or `Place` and returns a condition; it may look at other records by
    `exists(select(…))`, or by `some` and `every`, which say the same shorter. What is required to be there is missing
    where SQL does not know; a contradiction is one only where SQL says so. `asked_of` says of which it is asked, by
    default of all. From each a share is derived as a measure: `<name>_rate`, in percent of those of which it is asked.
    """

    name: str
    title: Text
    """What has to be, in words: `每項幫扶措施有責任人`."""
    of: Grain
    group: Group
    holds: Callable[[Any], ColumnElement[bool]]
    mend: Mend
    asked_of: Callable[[Any], ColumnElement[bool]] | None = None
    kind: RequirementKind = COMPLETENESS
