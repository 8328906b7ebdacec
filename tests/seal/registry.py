"""A register of a few people, and a plugin that keeps phones and bank cards sealed, as a department would."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import strawberry
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from bangfu import Basis, PersonRecord, Plugin, PythonFields, Sensitive, Text, text
from bangfu.access import Viewer
from bangfu.domain.households import Household, HouseholdCategory, HouseholdStatus, Person, Relation, Sex
from bangfu.domain.places import Place, PlaceKind
from bangfu.registry import Platform, assemble
from bangfu.store import Database
from bangfu.store.tables import add_own_tables
from bangfu.write.copy import copy_rows
from bangfu_migrations import raise_wall
from bangfu_schema import Graph, decoded

DISTRICT = 620502
SPAN = 10**9
FIRST = DISTRICT * SPAN + 1
READING = frozenset({"register:read", "paying:read"})
WHOLE = Viewer("a clerk", is_everywhere=True, permissions=READING | {"personal:read"})
MASKED = Viewer("an analyst", is_everywhere=True, permissions=READING)


class Account(PersonRecord):
    """Where a person is paid."""

    __plugin__ = "paying"
    __title__ = Text("賬戶", "Account")

    phone: Mapped[str | None] = text(11, zh="電話", en="Phone", sensitive=Sensitive.PHONE, sealed=True)
    card: Mapped[str] = text(19, zh="卡號", en="Card", sensitive=Sensitive.BANK_CARD, sealed=True, unique=True)
    word: Mapped[str | None] = text(9, zh="口令", en="Word", sensitive=Sensitive.HIDDEN, sealed=True)


class AccountFields:
    """Fields by hand on the record."""

    @strawberry.field
    def told(self: Any) -> str:
        """The columns as the row has them."""
        return f"{self.card} {self.phone} {self.word}"


class PersonFields:
    """Fields by hand on a core type."""

    @strawberry.field
    def born(self: Any) -> str | None:
        """What the ID number says."""
        return None if self.id_number is None else f"{self.id_number[6:14]}"


PAYING = Plugin(
    name="paying",
    api="1.0",
    title=Text("發放", "Paying"),
    department=Text("財政局", "Finance"),
    records=(Account,),
    python_fields=(PythonFields(on=Account, fields=AccountFields), PythonFields(on=Person, fields=PersonFields)),
)
NUMBERS: list[str | None] = ["62050219800101123X", "620502198001011234", None, "620502197512319876", " 620502x "]
PHONES: list[str | None] = ["13812345678", "13812345678", None, "13900000001", "138"]
CARDS = [f"62220212345678901{number}" for number in range(10, 15)]


def platform() -> Platform:
    """The core with the plugin."""
    return assemble([PAYING])


def make(database: Database) -> None:
    """Makes the tables and fills them."""
    metadata = add_own_tables(platform().metadata())
    metadata.create_all(database.engine)
    raise_wall(database.engine, platform())
    with database.engine.begin() as connection:
        for record, rows in _rows():
            copy_rows(
                connection,
                rows,
                record,
                district_code=DISTRICT,
                source="test",
                basis=Basis.SYNTHETIC,
                recorded_on=date(2015, 1, 1),
            )


def _rows() -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    place = DISTRICT * SPAN
    yield Place, [{"code": place, "name": "區", "pinyin": "qu", "kind": PlaceKind.DISTRICT}]
    home = {"place_code": place, "category": HouseholdCategory.DESTITUTE, "status": HouseholdStatus.IN_POVERTY}
    yield Household, [home]
    person = {"household_id": FIRST, "name": "王大", "sex": Sex.MALE, "joined_on": date(2014, 1, 1)}
    relations = [Relation.HEAD, *[Relation.CHILD] * 4]
    yield (
        Person,
        [person | {"id_number": number, "relation": each} for number, each in zip(NUMBERS, relations, strict=True)],
    )
    yield (
        Account,
        [
            {"person_id": FIRST + place, "phone": phone, "card": card, "word": f"w{place}"}
            for place, (phone, card) in enumerate(zip(PHONES, CARDS, strict=True))
        ],
    )


class Asked:
    """The small register, asked on both paths."""

    def __init__(self, database: Database, runner: asyncio.Runner) -> None:
        self.database = database
        self.graph = Graph(platform())
        self._runner = runner

    def __call__(self, document: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        """The whole answer, the same on both paths and each time."""
        first, again, plain = (
            self.one(document, viewer, plainly=plainly, **variables) for plainly in (False, False, True)
        )
        assert first == again == plain
        return first

    def one(
        self, document: str, viewer: Viewer | None = None, *, plainly: bool = False, **variables: Any
    ) -> dict[str, Any]:
        """The whole answer on one of the paths."""
        asked = self.graph.execute(self.database, document, variables, viewer=viewer, plainly=plainly)
        return decoded(self._runner.run(asked))

    def run(self, statement: str, **values: Any) -> None:
        """Runs a statement as the tables' owner."""
        with self.database.engine.begin() as connection:
            connection.execute(sql(statement), values)

    def rows(self, statement: str) -> list[Any]:
        """What the tables' owner reads."""
        with self.database.engine.connect() as connection:
            return list(connection.execute(sql(statement)))


@contextmanager
def asked(database: Database) -> Iterator[Asked]:
    """A database that is filled, ready to be asked."""
    make(database)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            yield Asked(database, runner)
        finally:
            runner.run(database.aclose())
