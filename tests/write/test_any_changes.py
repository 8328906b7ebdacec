"""Whatever is changed and taken back in whatever order: rows, versions and the log agree with a model in Python."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from tests.write.clerk import BASE, DISTRICT, Clerk, said, why_not

from bangfu.store import Database
from bangfu.write.outcome import Action
from bangfu_industry.records import CropKind, Planting

AREAS = st.decimals(-1, 20, places=2)
ROW = {"kind": CropKind.ORCHARD, "crop": "蘋果", "planted_on": date(2015, 3, 5), "is_new": True, "is_supported": False}


OPPOSITE = {"create": "delete", "update": "update", "delete": "create"}


def of_machine(database: Database, done: Counter[str]) -> type[RuleBasedStateMachine]:
    """Changes the plantings of a database, and keeps what they should be; in `done` how often what was taken back."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.clerk = Clerk(database)
            self.model: dict[int, tuple[int, Decimal]] = {}
            self.gone: list[int] = []
            self.logged: list[tuple[int, str, Any, Any]] = []
            self.entries: list[list[tuple[int, str, Any, Any]]] = []
            """The rows of each entry, from that of number 1 on."""
            self.last: dict[int, int] = {}
            """The number of the last entry that has changed each row."""
            self.versions: Counter[int] = Counter()
            """The last version that each row has had."""

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
            self.enter([(outcome.ids[n] or 0, "create", None, areas[n]) for n in taken])

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
                self.enter([(id_, "update", before, area)])

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
            self.enter([(id_, "delete", before, None)])

        @rule(areas=st.lists(AREAS.filter(lambda area: area >= 0), min_size=2, max_size=3), data=st.data())
        def update_several(self, areas: list[Decimal], data: st.DataObject) -> None:
            if not self.model:
                return
            ids = data.draw(st.lists(st.sampled_from(sorted(self.model)), min_size=1, max_size=3, unique=True))
            now = {id_: self.model[id_] for id_ in sorted(ids)}
            given = dict(zip(now, areas, strict=False))
            rows = [{"id": id_, "version": now[id_][0], "area": area} for id_, area in given.items()]
            assert said(self.clerk.change(Planting, Action.UPDATE, rows)) == []
            changed = {id_: area for id_, area in given.items() if area != now[id_][1]}
            self.model |= {id_: (now[id_][0] + 1, area) for id_, area in changed.items()}
            self.enter([(id_, "update", now[id_][1], area) for id_, area in changed.items()])

        @rule(data=st.data(), dry=st.booleans())
        def undo(self, data: st.DataObject, dry: bool) -> None:
            if not self.entries:
                return
            numbers = range(1, len(self.entries) + 1)
            standing = [each for each in numbers if all(self.last[id_] == each for id_, *_ in self.entries[each - 1])]
            number = data.draw(st.sampled_from(data.draw(st.sampled_from([list(numbers), standing]))))
            rows = self.entries[number - 1]
            undone = self.clerk.undo(number, dry=dry)
            since = sorted(id_ for id_, *_ in rows if self.last[id_] != number)
            told = {id_: ("version", "STALE") if id_ in self.model else ("id", "NOT_FOUND") for id_ in since}
            assert why_not(undone) == [(id_, *told[id_]) for id_ in since]
            assert [each.later and each.later.number for each in undone.refused] == [self.last[id_] for id_ in since]
            if since or dry:
                assert (undone.outcome.written, dict(undone.outcome.change_sets)) == (0, {})
                return
            assert undone.outcome.change_sets == {DISTRICT: len(self.entries) + 1}
            back = [(id_, OPPOSITE[action], after, before) for id_, action, before, after in rows]
            for id_, action, _, area in back:
                done[action] += 1
                if action == "delete":
                    del self.model[id_]
                    self.gone.append(id_)
                else:
                    self.model[id_] = (self.versions[id_] + 1, area)
                    self.gone = [each for each in self.gone if each != id_]
            self.enter(back)

        def enter(self, rows: list[tuple[int, str, Any, Any]]) -> None:
            """What an entry should say, if there is any."""
            if rows:
                self.entries.append(rows)
                self.logged += rows
            for id_, *_ in rows:
                self.last[id_] = len(self.entries)
                self.versions[id_] = self.model[id_][0] if id_ in self.model else self.versions[id_]

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
    done: Counter[str] = Counter()
    run_state_machine_as_test(
        of_machine(demo_copy, done),
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert done, "some of it is taken back"
