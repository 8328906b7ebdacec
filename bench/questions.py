"""The questions: GraphQL documents, and the variables they are asked with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.domain.households import Household
from bangfu.store import Database
from bench.client import packed
from bench.contenders import Server
from bench.data import Filled

_FOLDER = Path(__file__).parent / "questions"
_MANY = 20
"""With how many sets of variables a question about one row is asked in turn."""

Variables = list[dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """A question, and how it is asked of a data set."""

    name: str
    kind: str
    """`point`, `list` or `roll-up`: what the aim depends on."""

    variables: Callable[[Filled], Variables]
    follows: str | None = None
    """The question in whose answer the cursors stand that this one begins after."""

    document: str = field(init=False)

    def __post_init__(self) -> None:
        text = (_FOLDER / f"{self.name}.graphql").read_text(encoding="utf-8")
        object.__setattr__(self, "document", text)

    @property
    def title(self) -> str:
        """The question in words."""
        return self.document.partition("\n")[0].removeprefix("# ")

    @property
    def most(self) -> float:
        """How many times the limit's latency it may take."""
        return 1.6 if self.kind == "point" else 1.3

    def request(self, server: Server, variables: dict[str, Any]) -> bytes:
        """The request as a contender's server takes it."""
        if server.contender.speaks_graphql:
            body = {"query": self.document, "variables": variables}
            return packed("/graphql", body, authorization=server.authorization)
        return packed(f"/{self.name}", variables)


def _households(data: Filled) -> Variables:
    first = data.district * DISTRICT_SPAN
    return [{"id": f"household:{first + 1 + number * 937}"} for number in range(_MANY)]


def _villages(data: Filled) -> Variables:
    village = (Household.place_code // 1000).label("village")
    statement = (
        select(village)
        .where(Household.district_code == data.district)
        .group_by(village)
        .having(func.count() >= 50)
        .order_by(village)
        .limit(_MANY)
    )
    database = Database(data.url, pool_size=1)
    try:
        with database.engine.connect() as connection:
            return [{"code": str(code)} for code in connection.scalars(statement)]
    finally:
        database.dispose()


def _within(data: Filled) -> Variables:
    return [{"within": str(data.district)}]


def first(size: int) -> Callable[[Filled], Variables]:
    """The variables of a list of a given size."""
    return lambda data: [{"within": str(data.district), "first": size}]


QUESTIONS = (
    Question("household", "point", _households),
    Question("village", "list", _villages),
    Question("villages", "list", _within),
    Question("cross_sector", "list", _within),
    Question("cross_sector_next", "list", _within, follows="cross_sector"),
    Question("thousand", "list", first(1000)),
    Question("townships", "roll-up", _within),
    Question("districts", "roll-up", lambda _: [{}]),
)
NAMED = {question.name: question for question in QUESTIONS}


def comparable(body: bytes) -> Any:  # parsed JSON
    """An answer without what each server may choose: a cursor means something only to whoever made it."""
    answer = orjson.loads(body)
    if answer.get("errors"):
        raise RuntimeError(f"an error is no answer: {answer['errors']}")
    _blind(answer)
    return answer


def cursor_of(body: bytes) -> str:
    """The cursor of the last row of a list."""
    (connection,) = orjson.loads(body)["data"].values()
    cursor: str = connection["pageInfo"]["endCursor"]
    return cursor


def _blind(value: Any) -> None:  # parsed JSON
    if isinstance(value, dict):
        if value.get("endCursor") is not None:
            value["endCursor"] = "a cursor"
        for inner in value.values():
            _blind(inner)
    elif isinstance(value, list):
        for inner in value:
            _blind(inner)
