"""Whatever is done to divisions, and undone: rows, measures, lineage and the log agree with a model."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.divisions.county import DISTRICT, SINCE, TODAY, County, said, tables
from tests.divisions.model import Draft, Spot, roads
from tests.query import world

from bangfu.divisions.plan import Merge, Move, Recode, Rename, Split, Step
from bangfu_schema import Graph, decoded
from bangfu_testing import UNLIMITED, Postgres

PERIOD = "2014/2015"
YEARS = date(2014, 1, 1), date(2015, 12, 31)
NOW = """query ($period: Period!) {
  villages(within: "620502", first: 500) {
    nodes { name township { name } beta { roadLength(period: $period) { value } } }
  }
}"""


def _length(node: dict[str, Any]) -> Decimal:
    return Decimal(str(node["beta"]["roadLength"]["value"] or 0))


def of_machine(county: County, graph: Graph, runner: asyncio.Runner) -> type[RuleBasedStateMachine]:
    """Redraws a district, and keeps what it should be."""

    class Machine(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            county.begin_again()
            self.loaded = {name: county.keyed(name) for name in ("place", "place_succession", "household", "beta_work")}
            self.tables = tables()
            self.works = {row["id"]: row for row in self.tables["work"]}
            self.draft = Draft.of(self.tables)
            self.before: list[tuple[int, Draft]] = []
            self.number = 0
            self.entries = 0
            self.last = SINCE
            self.names = 0

        def name(self) -> str:
            self.names += 1
            return f"新地方{self.names}"

        def code(self, spot: Spot) -> int:
            """The code under which a place is in force, found by its name, which it has for itself."""
            ((code,),) = county.rows("SELECT code FROM place WHERE name = :name AND valid_to IS NULL", name=spot.name)
            return int(code)

        def day(self, data: st.DataObject) -> date:
            left = (TODAY - self.last).days
            return self.last + timedelta(data.draw(st.integers(0, min(left, 30))))

        def done(self, on: date, draft: Draft, step: Step, *, dry: bool) -> None:
            done = county.reorganise(on, step, dry=dry)
            assert said(done) == []
            assert all(each.is_conserved for each in done.figures)
            if dry:
                return
            self.number += 1
            assert done.number == self.number
            self.before.append((self.number, self.draft))
            self.draft = draft
            self.entries += 1
            self.last = on

        @rule(data=st.data(), dry=st.booleans())
        def rename(self, data: st.DataObject, dry: bool) -> None:
            on, draft = self.day(data), self.draft.copy()
            spots = [spot for level in (2, 3, 4) for spot in draft.in_force(level, on)]
            spot, name = data.draw(st.sampled_from(spots)), self.name()
            step = Rename(place=self.code(spot), name=name)
            draft.rename(spot, name, on)
            self.done(on, draft, step, dry=dry)

        @rule(data=st.data(), dry=st.booleans())
        def recode(self, data: st.DataObject, dry: bool) -> None:
            on, draft = self.day(data), self.draft.copy()
            spots = [spot for spot in (*draft.in_force(2, on), *draft.in_force(3, on)) if self.is_old(draft, spot, on)]
            if not spots:
                return
            spot = data.draw(st.sampled_from(spots))
            span = 10**6 if spot.level == 2 else 10**3
            code = self.code(spot)
            used = {row[0] for row in county.rows("SELECT code FROM place")}
            above = code - code % (span * 1000)
            free = next(above + n * span for n in range(300, 999) if above + n * span not in used)
            draft.recode(spot, on)
            self.done(on, draft, Recode(place=code, code=free), dry=dry)

        @rule(data=st.data(), dry=st.booleans())
        def move(self, data: st.DataObject, dry: bool) -> None:
            on, draft = self.day(data), self.draft.copy()
            pairs = [
                (spot, to)
                for level in (3, 4)
                for spot in draft.in_force(level, on)
                for to in draft.in_force(level - 1, on)
                if spot.above is not to and self.is_old(draft, spot, on)
            ]
            if not pairs:
                return
            spot, to = data.draw(st.sampled_from(pairs))
            step = Move(place=self.code(spot), to=self.code(to))
            draft.recode(spot, on, to)
            self.done(on, draft, step, dry=dry)

        @rule(data=st.data(), dry=st.booleans())
        def merge(self, data: st.DataObject, dry: bool) -> None:
            on, draft = self.day(data), self.draft.copy()
            pairs = [
                (one, into)
                for level in (2, 3, 4)
                for one in draft.in_force(level, on)
                for into in draft.in_force(level, on)
                if one is not into and self.is_old(draft, one, on)
            ]
            if not pairs:
                return
            one, into = data.draw(st.sampled_from(pairs))
            step = Merge(places=(self.code(one),), into=self.code(into))
            draft.merge(one, into, on)
            self.done(on, draft, step, dry=dry)

        @rule(data=st.data(), dry=st.booleans())
        def split(self, data: st.DataObject, dry: bool) -> None:
            on, draft = self.day(data), self.draft.copy()
            spots = draft.in_force(3, on)
            if not spots:
                return
            spot = data.draw(st.sampled_from(spots))
            homes = [home for home, lies in sorted(draft.homes.items()) if draft.spots[lies].lies_in(spot)]
            if not homes:
                return
            chosen = data.draw(st.lists(st.sampled_from(homes), min_size=1, max_size=3, unique=True))
            name = self.name()
            step = Split(place=self.code(spot), name=name, households=tuple(chosen))
            draft.split(spot, name, chosen, on)
            self.done(on, draft, step, dry=dry)

        def is_old(self, draft: Draft, spot: Spot, on: date) -> bool:
            """Whether a place and all inside it began before the day: none ends on the day on which it begins."""
            codes = [self.code(each) for each in draft.inside(spot)]
            return all(
                row[0] < on
                for code in codes
                for row in county.rows("SELECT valid_from FROM place WHERE code = :c", c=code)
            )

        @rule(data=st.data())
        def what_cannot_be_changes_nothing(self, data: st.DataObject) -> None:
            spot = data.draw(st.sampled_from(self.draft.in_force(3)))
            code, before = self.code(spot), county.contents()
            steps: list[Step] = [
                Rename(place=code, name=""),
                Recode(place=code, code=code),
                Move(place=code, to=code),
                Merge(places=(code,), into=code),
            ]
            done = county.reorganise(TODAY, Rename(place=DISTRICT, name="x"), data.draw(st.sampled_from(steps)))
            assert [each.row for each in done.rejections] == [1]
            assert county.contents() == before

        @rule()
        def undo(self) -> None:
            if not self.before:
                return
            number, draft = self.before[-1]
            new = self.draft
            done = county.undo(number)
            began = set(new.spots) - set(draft.spots)
            unclear = [row for row, lies in new.works.items() if lies in began]
            if unclear:
                assert [each.code.value for each in done.rejections] == ["IN_USE"]
                return
            assert said(done) == []
            self.before.pop()
            # What was entered since stays where it lies, and what is gone is not had back.
            draft.works = {row: draft.works.get(row, lies) for row, lies in new.works.items()}
            self.draft = draft
            self.entries += 1
            standing = county.rows("SELECT max(happened_on) FROM reorganisation WHERE undone_entry IS NULL")
            self.last = standing[0][0] or SINCE

        @rule(data=st.data())
        def build_a_road(self, data: st.DataObject) -> None:
            spot = data.draw(st.sampled_from(self.draft.in_force(3)))
            length = Decimal(data.draw(st.integers(1, 50)))
            row: dict[str, Any] = {
                "name": "路",
                "kind": world.WorkKind.ROAD,
                "length": length,
                "began_on": date(2015, 2, 1),
            }
            outcome = county.enter(world.Work, row | {"place_code": self.code(spot)})
            assert list(outcome.rejections) == []
            (id_,) = outcome.ids
            assert id_ is not None
            self.works[id_] = row
            self.draft.works[id_] = spot.number
            self.entries += 1

        @invariant()
        def rows_lie_where_they_should(self) -> None:
            names = dict(county.rows("SELECT code, name FROM place"))
            ended = {code for (code,) in county.rows("SELECT code FROM place WHERE valid_to IS NOT NULL")}

            def path(code: int) -> tuple[str, ...]:
                assert code not in ended
                around = [code - code % span for span in (1, 10**3, 10**6, 10**9)]
                return tuple(names[each] for each in dict.fromkeys(around))

            for table, rows in (("household", self.draft.homes), ("beta_work", self.draft.works)):
                expected = {row: self.draft.spots[lies].path for row, lies in rows.items()}
                assert {row: path(code) for row, code in county.lying(table).items()} == expected
            standing = Counter(path(code) for code in names if code not in ended)
            assert standing == Counter(each.path for each in self.draft.spots.values() if each.ended is None)

        @invariant()
        def lineage_says_what_happened(self) -> None:
            found = county.rows("SELECT s.former_name, s.kind, s.happened_on FROM place_succession s")
            expected = [(former, kind, on) for former, _, kind, on in self.draft.lineage]
            assert Counter(found) == Counter(expected)

        @invariant()
        def the_log_leads_to_what_there_is(self) -> None:
            """From what was loaded, change by change, each of what was there before it."""
            rows = {(name, key): row for name, loaded in self.loaded.items() for key, row in loaded.items()}
            log = "SELECT record, row_id, before, after FROM change ORDER BY number, position"
            for record, key, before, after in county.rows(log):
                assert rows.get((record, key)) == before
                if after is None:
                    del rows[record, key]
                else:
                    rows[record, key] = after
            assert rows == {(name, key): row for name in self.loaded for key, row in county.keyed(name).items()}

        @invariant()
        def the_log_holds(self) -> None:
            assert [(chain.entries, chain.breaks) for chain in county.chains()] in ([(self.entries, ())], [])

        @invariant()
        def measures_are_told_by_any_boundaries(self) -> None:
            counted = dict(roads({id_: self.works[id_] for id_ in self.draft.works}, YEARS))
            days = sorted(
                {SINCE, TODAY, *(on for on, _ in self.draft.moved), *(on - timedelta(1) for on, _ in self.draft.moved)}
            )
            now: Counter[str] = Counter()
            for work, length in counted.items():
                now[self.draft.spots[self.draft.works[work]].name] += length  # type: ignore[assignment]
            told = {node["name"]: value for node in self.answer(NOW)["villages"]["nodes"] if (value := _length(node))}
            assert told == {name: value for name, value in now.items() if value}
            for on in days[-3:]:
                lay = {work: self.draft.lay("works", work, on) for work in counted}
                if any(self.draft.spots[each].begun > on for each in lay.values()):
                    continue  # entered since in a place that is new: nobody can say where that was
                total: Counter[str] = Counter()
                for work, spot in lay.items():
                    total[self.draft.spots[spot].name] += counted[work]  # type: ignore[assignment]
                # Names are those of today: of them the log alone keeps what they were.
                assert self.told_by(on, 3) == {name: value for name, value in total.items() if value}
                assert sum(self.told_by(on, 2).values()) == sum(counted.values())

        def told_by(self, on: date, level: int) -> dict[str, Decimal]:
            """The length of roads in each place that was in force on a day, by the boundaries of that."""
            in_force = "level = :level AND valid_from <= :on AND (valid_to IS NULL OR valid_to > :on)"
            codes = county.rows(f"SELECT code FROM place WHERE {in_force}", level=level, on=on)
            field, digits = {2: ("township", 9), 3: ("village", 12)}[level]
            length = "beta { roadLength(period: $period, boundariesAt: $on) { value } }"
            fields = (f'p{code}: {field}(code: "{str(code)[:digits]}") {{ name {length} }}' for (code,) in codes)
            given = "query ($on: Date!, $period: Period!)"
            found = self.answer(f"{given} {{ {' '.join(fields)} }}", on=on.isoformat())
            return {node["name"]: value for node in found.values() if (value := _length(node))}

        def answer(self, document: str, **variables: Any) -> dict[str, Any]:
            """The data of an answer, the same on both paths."""
            told = []
            for plainly in (False, True):
                given = {"period": PERIOD, **variables}
                answer = graph.execute(county.database, document, given, today=TODAY, plainly=plainly)
                response = decoded(runner.run(answer))
                assert "errors" not in response, response
                told.append(response["data"])
            assert told[0] == told[1]
            data: dict[str, Any] = told[0]
            return data

    return Machine


def test_any_divisions(postgres: Postgres) -> None:
    with County.loaded(postgres) as county, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        graph = Graph(county.platform, UNLIMITED)
        try:
            run_state_machine_as_test(
                of_machine(county, graph, runner),
                settings=settings(
                    max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(county.database.aclose())
