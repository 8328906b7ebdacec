"""The demo in a real database: all of it or nothing, and once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from bangfu import Basis, DemoDistrict, Household, Person, Place, Plugin, Rows, Target, Text
from bangfu.declare.records import Dated
from bangfu.domain.demo import AS_OF
from bangfu.domain.income import Income
from bangfu.domain.places import PlaceKind
from bangfu.errors import OperationError
from bangfu.registry.discovery import assemble
from bangfu.store import Database
from bangfu.store.setting import REPORTING_DATE, SETTING, read_setting, write_setting
from bangfu.store.tables import add_own_tables
from bangfu.write.copy import copy_rows
from bangfu_app.demo import build_demo, has_demo
from bangfu_migrations import drift, upgrade

TABLES = ("place", "place_succession", "household", "person", "target", "setting")


@pytest.fixture
def engine(empty_database: Database) -> Engine:
    """A database with the core's tables and no rows."""
    upgrade(empty_database.engine, {})
    return empty_database.engine


def sector(name: str, rows: Iterable[Rows]) -> Plugin:
    """A plugin that only brings rows."""

    def demo(district: DemoDistrict) -> Iterable[Rows]:
        assert district.as_of == AS_OF
        return rows

    return Plugin(name=name, api="1.0", title=Text(name, name), department=Text(name, name), demo=demo)


def target(indicator: str) -> Rows:
    whole_year = {"starts_on": date(2015, 1, 1), "ends_on": date(2015, 12, 31)}
    row = {"place_code": 620502000000000, "indicator": indicator, "value": Decimal("12.50"), **whole_year}
    return Rows(of=Target, rows=[row])


def load(engine: Engine, of: type[Dated], rows: Sequence[Mapping[str, Any]]) -> int:
    with engine.begin() as connection:
        return copy_rows(
            connection,
            rows,
            of,
            district_code=620502,
            source="test",
            basis=Basis.SURVEY,
            recorded_on=date(2015, 12, 31),
        )


def test_the_tables_are_as_declared(engine: Engine) -> None:
    declared = add_own_tables(assemble([]).metadata())
    assert drift(engine, declared) == []


def test_the_demo_is_built_once(engine: Engine) -> None:
    steps: list[str] = []
    build_demo(engine, [sector("one", [target("one.x")]), sector("two", [target("two.y")])], on_progress=steps.append)
    with engine.connect() as connection:
        assert has_demo(connection)
        assert connection.scalar(select(func.count()).select_from(Household)) == 19_129
        assert connection.scalar(select(func.count()).select_from(Person)) == 87_900
        assert read_setting(connection, REPORTING_DATE) == "2015-12-31"
        targets = connection.execute(select(Target.id, Target.basis, Target.source, Target.valid_from).order_by("id"))
        assert [tuple(row) for row in targets] == [
            (620502000000001, Basis.SYNTHETIC, "demo: synthetic", AS_OF),
            (620502000000002, Basis.SYNTHETIC, "demo: synthetic", AS_OF),
        ]
        sizes = select(Person.household_id, func.count().label("people")).group_by(Person.household_id).subquery()
        net = Income.wage + Income.production + Income.property + Income.transfer - Income.expenses
        wrong = (
            select(func.count())
            .select_from(Income)
            .join(sizes, sizes.c.household_id == Income.household_id)
            .where(Income.net_per_head != func.round(net / sizes.c.people, 2))
        )
        assert connection.scalar(wrong) == 0
        analyzed = text("select count(*) from pg_class where relname = any(:names) and reltuples > 0")
        assert connection.scalar(analyzed, {"names": list(TABLES)}) == len(TABLES)
        vacuumed = text("select count(last_vacuum) from pg_stat_user_tables where relname = any(:names)")
        assert connection.scalar(vacuumed, {"names": list(TABLES)}) == len(TABLES)
    assert any("87,900" in step for step in steps)

    with pytest.raises(OperationError, match="already holds a district"):
        build_demo(engine, [])


def test_a_build_cut_short_leaves_nothing(engine: Engine) -> None:
    def broken() -> Iterator[Rows]:
        yield target("one.x")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        build_demo(engine, [sector("one", broken())])
    with engine.connect() as connection:
        assert not has_demo(connection)
        assert connection.scalar(select(func.count()).select_from(SETTING)) == 0


def test_copied_values_come_back_as_they_were(engine: Engine) -> None:
    names = ["plain", "tab\there", "line\nbreak\r", "back\\slash", "\\N", "", "縣 «區» 😀", "\\."]
    rows = [
        {"code": 620502000000000 + index, "name": name, "pinyin": "x", "kind": PlaceKind.VILLAGE}
        for index, name in enumerate(names, 1)
    ]
    assert load(engine, Place, rows) == len(names)
    with engine.connect() as connection:
        found = connection.execute(select(Place.name, Place.valid_to, Place.version).order_by(Place.code)).all()
    assert [tuple(row) for row in found] == [(name, None, 1) for name in names]


def test_a_column_that_does_not_exist_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match=r"place has no column nmae; it has .*name"):
        load(engine, Place, [{"code": 620502000000000, "nmae": "x"}])
    with engine.connect() as connection:
        assert not has_demo(connection)


def test_a_setting_is_the_last_one_written(engine: Engine) -> None:
    with engine.begin() as connection:
        assert read_setting(connection, "x") is None
        write_setting(connection, "x", "1")
        write_setting(connection, "x", "2")
        assert read_setting(connection, "x") == "2"
