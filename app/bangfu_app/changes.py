"""What changes from one GraphQL schema to the next for those who query it."""

from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLError, GraphQLSchema, build_schema
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes

from bangfu.errors import OperationError


class Level(StrEnum):
    """How much a change asks of clients."""

    BREAKING = "breaking"
    """A query that worked may fail, or gets another type."""
    DANGEROUS = "dangerous"
    """Every query still works, but may be answered in a way that its client has not seen."""
    SAFE = "safe"
    """Nobody has to do anything."""


@dataclass(frozen=True)
class Change:
    """One change, worst level first where there are several."""

    level: Level
    type: str
    """A stable name such as `FIELD_REMOVED`."""

    description: str


def changes(old: str, new: str) -> list[Change]:
    """All that differs between two schemas in SDL; raises OperationError for text that is none."""
    found = find_schema_changes(_schema(old, "old"), _schema(new, "new"))
    told = [Change(_level(each), each.type.name, each.description) for each in found]
    return sorted(told, key=lambda change: (list(Level).index(change.level), change.description))


def _level(change: object) -> Level:
    if isinstance(change, BreakingChange):
        return Level.BREAKING
    return Level.DANGEROUS if isinstance(change, DangerousChange) else Level.SAFE


def _schema(sdl: str, which: str) -> GraphQLSchema:
    try:
        return build_schema(sdl)
    except (GraphQLError, TypeError) as error:
        raise OperationError(
            f"The {which} schema is no SDL: {error}", remedy="`bangfu schema export` writes one."
        ) from error
