"""Rows that are taken many at once are taken, told and logged just as one by one: the same files, in two databases."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.bulk.office import Office, counts
from tests.write.clerk import BASE

from bangfu.access import EVERYTHING, Policy, Viewer
from bangfu.bulk import applying, planning, sorting
from bangfu.declare.records import Dated
from bangfu.domain.income import Income
from bangfu.store.imports import StoredPlan
from bangfu.write.plainly import is_plain
from bangfu_industry.records import CropArea, Planting
from bangfu_testing.server import Postgres

BLOCK = 8
"""Lines that are sorted, and rows that are written at a time: few, so that files have many blocks."""

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=45)
HOUSES = st.sampled_from(
    [*(str(BASE + 1 + n) for n in range(6)), str(BASE + 999_999_999), "110101000000001", "", "張三"]
)
PLACES = st.sampled_from(
    ["620502101201", "620502101202", "620502101", "620502999999", "賈家寺村", "無此村", "", "x\ty"]
)
AMOUNTS = st.sampled_from(["1", "2.5", "2.50", "1,200", "-1", "2.555", "", "3畝", "許多", "9" * 14])
DAYS = st.sampled_from(["2015-03-05", "2015.3.5", "2016-01-01", "昨天", "", "1800-01-01"])
FLAGS = st.sampled_from(["是", "否", "", "也許"])
KINDS = st.sampled_from(["林果", "ORCHARD", "中藥材", "水果", ""])
CROPS = WORDS | st.sampled_from(["蘋果", "\\N", "a\tb", "\\", 'c"d', "\\.", "\x01\x7f\u2028"])
YEARS = st.sampled_from(["2031", "2032", "2033", "", "x"])
USUAL = {
    "統計日期": DAYS,
    "生效日期": DAYS,
    "失效日期": DAYS,
    "來源": WORDS,
    "統計口徑": st.sampled_from(["調查", "", "?"]),
}
ORDINARY: dict[str, st.SearchStrategy[str]] = {"統計日期": st.just("2015-06-30"), "來源": st.just("村委會")}

RECORDS: dict[type[Dated], dict[str, st.SearchStrategy[str]]] = {
    Planting: {
        "戶編號": HOUSES, "作物類別": KINDS, "作物": CROPS, "面積": AMOUNTS, "種植日期": DAYS, "是否新發展": FLAGS,
        "是否享受產業扶持": FLAGS,
    },
    CropArea: {"區劃代碼": PLACES, "作物類別": KINDS, "作物": CROPS, "面積": AMOUNTS, "是否當年新建": FLAGS},
    Income: {
        "戶編號": HOUSES, "年度": YEARS, "工資性收入": AMOUNTS,
        "生產經營性收入": st.just("2"), "財產性收入": st.just("3"), "轉移性收入": st.just("4"),
        "生產經營性支出": st.just("5"), "人均純收入": st.just("6"),
    },
}  # fmt: skip
GOOD = {
    "戶編號": str(BASE + 1), "區劃代碼": "620502101201", "作物類別": "林果", "作物": "蘋果", "面積": "1",
    "種植日期": "2015-03-05", "是否新發展": "是", "是否享受產業扶持": "否", "是否當年新建": "否", "工資性收入": "1",
    "年度": "2031", "統計日期": "2015-06-30", "生效日期": "2015-07-01", "失效日期": "", "來源": "村委會",
    "統計口徑": "調查",
}  # fmt: skip
POLICIES = (
    EVERYTHING,
    Policy(Viewer("小李", places=(620502101000000,), permissions=frozenset({"industry:write", "register:write"}))),
)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[type[Dated], list[str], list[list[str]]]:
    """A record, headers, and rows of which most values are right."""
    record = draw(st.sampled_from(list(RECORDS)))
    more = draw(st.sampled_from([{}, ORDINARY, USUAL]))
    cells = {**RECORDS[record], **{name: more[name] for name in more if draw(st.booleans())}}
    rows = []
    for _ in range(draw(st.integers(1, 30))):
        wrong = draw(st.sets(st.sampled_from(list(cells)), max_size=2))
        drawn = {name: draw(each) if name in wrong or name not in GOOD else GOOD[name] for name, each in cells.items()}
        rows.append(list(drawn.values())[: draw(st.sampled_from([len(cells)] * 9 + [len(cells) - 1]))])
    return record, list(cells), rows


class Both:
    """The same imports, many at once in one database, and row by row in another."""

    def __init__(self, many: Office, single: Office) -> None:
        self.many = many
        self.single = single
        self._number = 0

    def run(self, record: type[Dated], head: list[str], rows: list[list[str]], policy: Policy) -> None:
        """Imports rows in both, and compares all that comes of it."""
        made = []
        self._number += 1
        for office, plain in ((self.many, is_plain), (self.single, lambda _: False)):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sorting, "is_plain", plain)
                made.append(self._imported(office, record, head, rows, policy))
        for each, other in zip(*made, strict=True):
            assert each == other

    def _imported(
        self, office: Office, record: type[Dated], head: list[str], rows: list[list[str]], policy: Policy
    ) -> list[Any]:
        path = office.file(*rows, [f"#{self._number}"], head=head)  # no two files are the same
        plan = office.plan(path, record, policy=policy, within=BASE)
        refused = told(office)
        done: StoredPlan = applying.apply_import(
            *(office.database.engine, plan.id, record, office.refused.append),
            author=office.asked(path, record).author,
            policy=policy,
            today=office.asked(path, record).today,
        )
        found = [counts(plan), refused, done.refused, done.applied, told(office)]
        return [*found, changes(office), rows_of(office, record)]


def told(office: Office) -> list[Any]:
    """What was refused, with all that is said of it."""
    return [
        (each.line, each.rejection.column, each.rejection.code, each.rejection.message, each.rejection.suggestion)
        for each in office.refused
    ]


def changes(office: Office) -> list[Any]:
    """What the log has, but for the ids of rows: many at once may come after others."""
    found = [(each["action"], each["record"], each["before"], each["after"]) for each in office.clerk.log()]
    for _, _, before, after in found:
        for row in filter(None, (before, after)):
            row["id"] = 0
    return sorted(found, key=repr)


def rows_of(office: Office, record: type[Dated]) -> list[Any]:
    """The rows of a record that were imported, but for their ids."""
    with office.database.engine.connect() as connection:
        statement = f"SELECT to_jsonb(t) - 'id' FROM {record.__tablename__} t WHERE id = ANY(:ids)"
        given = {"ids": [each["row_id"] for each in office.clerk.log()]}
        return sorted(connection.scalars(text(statement), given), key=repr)


@pytest.fixture(scope="module")
def both(postgres: Postgres, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(planning, "_BLOCK", BLOCK)
        offices = [
            Office(stack.enter_context(postgres.fresh(demo_template)), tmp_path_factory.mktemp(name))
            for name in ("many", "single")
        ]
        yield Both(*offices)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(sheet=sheets(), policy=st.sampled_from(POLICIES))
def test_many_at_once_come_to_the_same_as_row_by_row(
    both: Both, sheet: tuple[type[Dated], list[str], list[list[str]]], policy: Policy
) -> None:
    both.run(*sheet, policy)


def test_the_log_of_all_that_holds(both: Both) -> None:
    both.run(Planting, list(RECORDS[Planting]), [[GOOD[name] for name in RECORDS[Planting]]] * 20, EVERYTHING)
    for office in (both.many, both.single):
        assert [chain.breaks for chain in office.clerk.chains()] == [()]
