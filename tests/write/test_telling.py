"""What is told of a load: where, how many, and in few words."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu.declare.records import Basis, Dated
from bangfu.domain.households import Person, Relation, Sex
from bangfu.domain.places import Place, PlaceKind
from bangfu.store import Database
from bangfu.write.copy import copy_rows
from bangfu.write.telling import CHANNEL, Told, read_told, tell
from bangfu_industry.records import CropArea, CropKind, Planting

DISTRICT = 620502 * 10**9


class Ear:
    """Hears what is notified on the channel."""

    def __init__(self, database: Database) -> None:
        url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")

    def heard(self) -> list[Told]:
        """All that was committed since it was last asked."""
        self._connection.execute("select 1")  # the server sends what it has with the next answer
        payloads = [each.payload for each in self._connection.notifies(timeout=0)]
        assert all(len(payload.encode()) < 8000 for payload in payloads)
        told = [read_told(payload) for payload in payloads]
        return [each for each in told if each is not None]

    def close(self) -> None:
        """Hears no more."""
        self._connection.close()


@pytest.fixture
def ear(demo_copy: Database) -> Iterator[Ear]:
    ear = Ear(demo_copy)
    yield ear
    ear.close()


class TestTelling:
    @pytest.mark.parametrize(
        ("record", "row", "place"),
        [
            (CropArea, {"place_code": DISTRICT + 100200000, "kind": CropKind.HERB, "crop": "x", "area": 1}, "village"),
            (Planting, {"household_id": DISTRICT + 1, "kind": CropKind.HERB, "crop": "x", "area": 1}, "household"),
            (Person, {"household_id": DISTRICT + 1, "name": "x", "sex": Sex.MALE}, "household"),
            (Place, {"code": DISTRICT + 100999000, "name": "x", "pinyin": "x", "kind": PlaceKind.VILLAGE}, "own"),
        ],
    )
    def test_a_load_says_where_its_rows_are(
        self, demo_copy: Database, ear: Ear, record: type[Dated], row: dict[str, Any], place: str
    ) -> None:
        others = {"is_new": True, "is_supported": True, "planted_on": date(2015, 5, 1), "relation": Relation.OTHER}
        others |= {"joined_on": date(2015, 5, 1)}
        row |= {name: value for name, value in others.items() if name in record.__table__.columns}
        with demo_copy.engine.begin() as connection:
            load(connection, record, [row])
            lives = connection.exec_driver_sql("select place_code from household order by id limit 1").scalar_one()
        (told,) = ear.heard()
        expected = {"village": DISTRICT + 100200000, "household": lives - lives % 1000, "own": DISTRICT + 100999000}
        assert told.places == {expected[place]: 1}
        assert (told.plugin, told.record) == (record.__plugin__ or "core", record.__name__)
        assert abs(told.at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_equal_loads_of_one_transaction_are_both_told(self, demo_copy: Database, ear: Ear) -> None:
        with demo_copy.engine.begin() as connection:
            for _ in range(2):
                tell(connection, CropArea, {DISTRICT + 100200000: 3})
        told = ear.heard()
        assert [each.places for each in told] == [{DISTRICT + 100200000: 3}] * 2
        assert len({each.transaction for each in told}) == 1

    def test_nothing_is_told_of_nothing_and_of_what_is_rolled_back(self, demo_copy: Database, ear: Ear) -> None:
        with demo_copy.engine.begin() as connection:
            load(connection, CropArea, [])
        with demo_copy.engine.connect() as connection:
            tell(connection, CropArea, {DISTRICT: 1})
            connection.rollback()
        assert ear.heard() == []

    @pytest.mark.parametrize(("townships", "villages", "told"), [(2, 25, 50), (18, 25, 450), (30, 40, 30), (999, 2, 1)])
    def test_very_many_places_are_told_as_wider_ones(
        self, demo_copy: Database, ear: Ear, townships: int, villages: int, told: int
    ) -> None:
        numbers = product(range(1, townships + 1), range(1, villages + 1))
        places = {DISTRICT + township * 10**6 + village * 1000: 2 for township, village in numbers}
        with demo_copy.engine.begin() as connection:
            tell(connection, CropArea, places)
        (heard,) = ear.heard()
        assert sum(heard.places.values()) == 2 * townships * villages
        assert len(heard.places) == told


def test_districts_are_told_one_by_one(demo_copy: Database, ear: Ear) -> None:
    with demo_copy.engine.begin() as connection:
        tell(connection, CropArea, {DISTRICT + 100200005: 1, 110101 * 10**9: 2})
    assert [dict(each.places) for each in ear.heard()] == [{DISTRICT + 100200000: 1}, {110101 * 10**9: 2}]


WORDS = ("1", "-1", "9" * 30, "1e400", "nan", "1.5", "x", "", "0:1", "1:1,", "1:1,2:2", ":", "١", "industry", "620502")


@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), min_size=6, max_size=8).map(" ".join))
def test_words_of_others_are_no_surprise(payload: str) -> None:
    told = read_told(payload)
    assert told is None or isinstance(told.at, datetime)


def load(connection: Any, record: type[Dated], rows: list[dict[str, Any]]) -> None:
    copy_rows(
        connection,
        [{"id": DISTRICT + 700_000_000, **row} if "id" in record.__table__.columns else row for row in rows],
        record,
        district_code=620502,
        source="test",
        basis=Basis.SURVEY,
        recorded_on=date(2015, 6, 1),
    )
