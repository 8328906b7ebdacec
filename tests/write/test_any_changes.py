"""Whatever is changed in whatever order: the rows, their versions and the log agree with a model in Python."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from tests.write.clerk import BASE, Clerk, said

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import CropKind, Planting

AREAS = st.decimals(-1, 20, places=2)
ROW = {"kind": CropKind.ORCHARD, "crop": "蘋果", "planted_on": date(2015, 3, 5), "is_new": True, "is_supported": False}


def of_machine(database: Database) -> type[RuleBasedStateMachine]:
    """Changes the plantings of a database, and keeps what they should be."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.clerk = Clerk(database)
            self.model: dict[int, tuple[int, Decimal]] = {}
            self.gone: list[int] = []
            self.logged: list[tuple[int, str, Any, Any]] = []

        @initialize()
        def begin(self) -> None:
            """With an empty log and none of the rows of an earlier run."""
            with database.engine.begin() as connection:
                connection.execute(text("GRANT TRUNCATE ON change, change_set TO CURRENT_USER"))
                connection.execute(text("TRUNCATE change, change_set, change_head"))
                connection.execute(text("DELETE FROM industry_planting WHERE crop = '蘋果' AND source = '王主任'"))

        @rule(areas=st.lists(AREAS, min_size=1, max_size=4), partial=st.booleans(), dry=st.booleans())
        def create(self, areas: list[Decimal], partial: bool, dry: bool) -> None:
            rows = [ROW | {"household_id": BASE + 1 + n, "area": area} for n, area in enumerate(areas)]
            outcome = self.clerk.create(Planting, *rows, partial=partial, dry=dry)
            bad = {n for n, area in enumerate(areas) if area < 0}
            assert {row for row, _, _ in said(outcome)} == bad
            taken = [] if dry or (bad and not partial) else [n for n in range(len(areas)) if n not in bad]
            assert [n for n, id_ in enumerate(outcome.ids) if id_ is not None] == taken
            for n in taken:
                id_ = outcome.ids[n]
                assert id_ is not None
                assert id_ not in self.model
                assert id_ not in self.gone
                self.model[id_] = (1, areas[n])
                self.logged.append((id_, "create", None, areas[n]))

        @rule(data=st.data(), area=AREAS, late=st.booleans())
        def update(self, data: st.DataObject, area: Decimal, late: bool) -> None:
            if not self.model:
                return
            id_ = data.draw(st.sampled_from(sorted(self.model)))
            version, before = self.model[id_]
            outcome = self.clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": version - late, "area": area}])
            codes = {code for _, _, code in said(outcome)}
            assert codes == ({"OUT_OF_RANGE"} if area < 0 else {"STALE"} if late else set())
            if not codes and area != before:
                self.model[id_] = (version + 1, area)
                self.logged.append((id_, "update", before, area))

        @rule(data=st.data())
        def delete(self, data: st.DataObject) -> None:
            if not self.model and not self.gone:
                return
            id_ = data.draw(st.sampled_from(sorted([*self.model, *self.gone])))
            version, before = self.model.get(id_, (1, Decimal(0)))
            outcome = self.clerk.change(Planting, Action.DELETE, [{"id": id_, "version": version}])
            if id_ in self.gone:
                assert said(outcome) == [(0, "id", "NOT_FOUND")]
                return
            assert said(outcome) == []
            del self.model[id_]
            self.gone.append(id_)
            self.logged.append((id_, "delete", before, None))

        @invariant()
        def rows_are_as_in_the_model(self) -> None:
            with database.engine.connect() as connection:
                found = connection.execute(
                    text("SELECT id, version, area FROM industry_planting WHERE crop = '蘋果' AND source = '王主任'")
                )
                assert {row.id: (row.version, row.area) for row in found} == self.model

        @invariant()
        def the_log_says_all_of_it(self) -> None:
            def area(row: dict[str, Any] | None) -> Decimal | None:
                return None if row is None else Decimal(str(row["area"]))

            log = self.clerk.log()
            assert [(e["row_id"], e["action"], area(e["before"]), area(e["after"])) for e in log] == self.logged
            assert all(chain.breaks == () for chain in self.clerk.chains())

    return Machine


def test_any_changes(demo_copy: Database) -> None:
    run_state_machine_as_test(
        of_machine(demo_copy),
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
