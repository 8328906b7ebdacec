"""An office that imports files, and what becomes of them."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tests.write.clerk import TODAY, Clerk

from bangfu.access import EVERYTHING
from bangfu.bulk.applying import apply_import
from bangfu.bulk.planning import Import, plan_import
from bangfu.bulk.trying import Refusal
from bangfu.declare.records import Dated
from bangfu.store import Database
from bangfu.store.imports import StoredPlan
from bangfu.write.outcome import Author
from bangfu_industry.records import Planting

HEAD = ("戶編號", "作物類別", "作物", "面積(畝)", "種植日期", "是否新發展", "是否享受產業扶持")
ORCHARD = ("林果", "蘋果", "2.5", "2015.3.5", "是", "否")


class Office:
    """Imports files into one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clerk = Clerk(database)
        self._folder = folder
        self.refused: list[Refusal] = []

    def file(self, *rows: Sequence[str], head: Sequence[str] = HEAD, name: str = "a.csv") -> Path:
        path = self._folder / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return path

    def asked(self, path: Path, record: type[Dated], **how: Any) -> Import:
        given: dict[str, Any] = {"policy": EVERYTHING, "author": Author(name="李會計"), "today": TODAY} | how
        return Import(path=path, record=record, **given)

    def plan(self, path: Path, record: type[Dated] = Planting, **how: Any) -> StoredPlan:
        self.refused = []
        return plan_import(self.database.engine, self.asked(path, record, **how), self.refused.append)

    def apply(self, plan: StoredPlan, record: type[Dated] = Planting) -> StoredPlan:
        self.refused = []
        return apply_import(
            *(self.database.engine, plan.id, record, self.refused.append),
            author=Author(name="李會計", reason=f"import {plan.id}"),
            policy=EVERYTHING,
            today=TODAY,
        )

    def said(self) -> list[tuple[int, str | None, str]]:
        return [(each.line, each.rejection.column, each.rejection.code.value) for each in self.refused]

    def count(self, where: str, table: str = "industry_planting") -> int:
        with self.database.engine.connect() as connection:
            return connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {where}")) or 0


def counts(plan: StoredPlan) -> tuple[int, int, int, int]:
    """How many rows are new, changed, unchanged and rejected."""
    return plan.creates, plan.updates, plan.unchanged, plan.rejected
