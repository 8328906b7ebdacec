"""Whatever happens to families in whatever order, and is taken back: who lives where, who is head and what is counted,
as in a model."""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from tests.write.clerk import DISTRICT, Clerk, why_not

from bangfu.declare.procedures import Procedure
from bangfu.domain.family import BIRTH, FAMILY, JOIN, LEAVE, MERGE, MOVE, SPLIT
from bangfu.domain.households import Departure, Relation, Sex
from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import ask

HOMES = 6
"""Households that things happen to."""

DAYS = st.dates(date(2015, 2, 1), date(2015, 12, 30))
RELATIONS = st.sampled_from([each.name for each in Relation])


@dataclass
class Home:
    """A household of the model: where it is, its members' relations by their ids, and whether it has ended."""

    place: int
    since: date
    members: dict[int, str] = field(default_factory=dict)
    ended: bool = False

    @property
    def heads(self) -> list[int]:
        """Who is head."""
        return [id_ for id_, relation in self.members.items() if relation == "HEAD"]


@dataclass(frozen=True)
class Rows:
    """The rows that an entry has changed, by their ids."""

    homes: frozenset[int]
    people: frozenset[int]

    @property
    def keys(self) -> set[tuple[str, int]]:
        """All of them, each with its table."""
        return {("household", id_) for id_ in self.homes} | {("person", id_) for id_ in self.people}


class Model:
    """The district's families in Python, and for everybody the day before which nothing more may happen to them."""

    def __init__(self, homes: dict[int, Home], last: dict[int, date], household_count: int, people_count: int) -> None:
        self.homes = homes
        self.last = last
        self.households = household_count
        self.people = people_count
        self.gone: dict[int, Departure] = {}

    def home_of(self, person: int) -> int | None:
        """Where somebody lives."""
        return next((id_ for id_, home in self.homes.items() if person in home.members), None)

    def needs_head(self, home: int, leaving: set[int]) -> bool:
        """Whether somebody has to take over where these go."""
        heads, staying = set(self.homes[home].heads), set(self.homes[home].members) - leaving
        return bool(heads & leaving) and bool(staying) and not heads & staying

    def settle(self, people: dict[int, str], into: int, on: date) -> None:
        """People live somewhere else from now on."""
        for id_, relation in people.items():
            here = self.home_of(id_)
            if here is not None:
                del self.homes[here].members[id_]
            self.homes[into].members[id_] = relation
            self.last[id_] = on

    def take_back(self, rows: Rows, before: "Model", after: "Model") -> None:
        """What an entry did to some rows is as it was: by what it found, and what it left."""
        people, homes = rows.people, rows.homes
        for home in self.homes.values():
            home.members = {id_: relation for id_, relation in home.members.items() if id_ not in people}
        for id_ in homes:
            if id_ not in before.homes:
                del self.homes[id_]
                continue
            was = before.homes[id_]
            here = self.homes.setdefault(id_, Home(was.place, was.since))
            here.place, here.ended = was.place, was.ended
        for id_ in people:
            was_in = before.home_of(id_)
            if was_in is not None:
                self.homes[was_in].members[id_] = before.homes[was_in].members[id_]
            self.gone.pop(id_, None)
            self.gone |= {id_: before.gone[id_]} if id_ in before.gone else {}
            self.last.pop(id_, None)
            self.last |= {id_: before.last[id_]} if id_ in before.last else {}
        self.households += before.households - after.households
        self.people += before.people - after.people


def restore(database: Database) -> None:
    """Takes back what an earlier run has changed of households and people, and empties the log."""
    with database.engine.begin() as connection:
        for table in ("household", "person"):
            connection.execute(text(f"CREATE TABLE IF NOT EXISTS kept_{table} AS TABLE {table}"))
            names = connection.scalars(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :table"),
                {"table": f"kept_{table}"},
            )
            listed = sorted(names)
            changed = f"t.id IN (SELECT row_id FROM change WHERE record = '{table}')"
            sets, values = ", ".join(listed), ", ".join(f"k.{name}" for name in listed)
            connection.execute(
                text(f"UPDATE {table} t SET ({sets}) = ({values}) FROM kept_{table} k WHERE k.id = t.id AND {changed}")
            )
        for table in ("person", "household"):
            new = f"NOT EXISTS (SELECT FROM kept_{table} k WHERE k.id = t.id)"
            connection.execute(text(f"DELETE FROM {table} t WHERE {new}"))
        connection.execute(text("GRANT TRUNCATE ON change, change_set TO CURRENT_USER"))
        connection.execute(text("TRUNCATE change, change_set, change_head"))


def of_machine(graph: Graph, database: Database, done: Counter[str]) -> type[RuleBasedStateMachine]:
    """Changes the families of a database, and keeps what they should be; in `done` how often what was carried out."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.clerk = Clerk(database)
            self.entries = 0
            self.past: dict[int, tuple[Rows, Model, Model]] = {}
            """What each entry has changed, and how things stood before and after."""
            self.undoings: set[int] = set()
            self.begun: tuple[int, Model] | None = None
            """The number of an entry that was just made, and how things stood before."""
            self.last: dict[tuple[str, int], int] = {}
            """The number of the last entry that has changed each row."""

        @initialize()
        def begin(self) -> None:
            """With the households as they are in the demo, those of the lowest ids: each run begins with the same."""
            restore(database)
            rows = self.rows(
                "SELECT id, place_code, valid_from FROM household h WHERE valid_to IS NULL AND EXISTS (SELECT FROM"
                f" person p WHERE p.household_id = h.id AND p.left_on IS NULL) ORDER BY id LIMIT {HOMES}"
            )
            homes = {row["id"]: Home(row["place_code"], row["valid_from"]) for row in rows}
            last: dict[int, date] = {}
            for row in self.people(homes):
                homes[row["household_id"]].members[row["id"]] = row["relation"]
                last[row["id"]] = row["joined_on"]
            self.model = Model(homes, last, *self.counted())
            self.begun_with = frozenset(homes)
            self.places = [row["code"] for row in self.rows(_PLACES)]
            self.entries = self.count_entries()

        def rows(self, sql: str) -> list[dict[str, Any]]:
            with database.engine.connect() as connection:
                return [dict(row) for row in connection.execute(text(sql)).mappings()]

        def people(self, homes: dict[int, Home]) -> list[dict[str, Any]]:
            listed = ", ".join(map(str, homes))
            return self.rows(
                "SELECT id, household_id, relation, joined_on FROM person"
                f" WHERE left_on IS NULL AND household_id IN ({listed}) ORDER BY id"
            )

        def counted(self) -> tuple[int, int]:
            document = (
                f'{{ district(code: "{DISTRICT}") {{ register {{ households {{ value }} people {{ value }} }} }} }}'
            )
            found = ask(graph, database, document)["district"]["register"]
            return found["households"]["value"], found["people"]["value"]

        def count_entries(self) -> int:
            return int(self.rows("SELECT count(*) AS n FROM change_set")[0]["n"])

        def version(self, table: str, id_: int) -> int:
            return int(self.rows(f"SELECT version FROM {table} WHERE id = {id_}")[0]["version"])

        def home(self, data: st.DataObject, *, living: bool = False) -> int:
            """One of the households; seldom one that has ended."""
            homes = self.model.homes
            known = [id_ for id_, each in homes.items() if not each.ended and (each.members or not living)]
            ended = [id_ for id_, each in homes.items() if each.ended]
            return int(data.draw(st.sampled_from(ended if ended and data.draw(st.integers(0, 9)) == 0 else known)))

        def home_or_founded(self, data: st.DataObject) -> int:
            """The same; often one that was founded meanwhile."""
            founded = sorted(set(self.model.homes) - self.begun_with)
            is_founded = bool(founded) and data.draw(st.booleans())
            return int(data.draw(st.sampled_from(founded))) if is_founded else self.home(data)

        def member(self, data: st.DataObject, home: int) -> int | None:
            members = sorted(self.model.homes[home].members)
            return data.draw(st.sampled_from(members)) if members else None

        def heir(self, data: st.DataObject, staying: Sequence[int], *, needed: bool) -> int | None:
            """Who becomes the head; seldom somebody where nobody is needed, or nobody where somebody is."""
            is_named = needed != (data.draw(st.integers(0, 3)) == 0)
            return data.draw(st.sampled_from(staying)) if is_named and staying else None

        def tried(self, procedure: Procedure, *, may: bool, **given: Any) -> int | None:
            """Tries something of which the model says whether it can be; the id given back."""
            outcome = self.clerk.proceed(procedure, **given)
            codes = [(each.column, each.code.value) for each in outcome.rejections]
            assert (codes == []) is may, (procedure.name, given, codes)
            self.entries += may and outcome.written > 0
            done[procedure.name] += may
            if may and outcome.written:
                self.begun = outcome.change_sets[DISTRICT], deepcopy(self.model)
            return outcome.ids[0]

        def standing(self) -> list[int]:
            """The entries whose rows nothing has changed since."""
            return [
                number for number, (rows, *_) in self.past.items() if all(self.last[id_] == number for id_ in rows.keys)
            ]

        @rule(data=st.data(), on=DAYS)
        def move(self, data: st.DataObject, on: date) -> None:
            id_, place = self.home(data), data.draw(st.sampled_from(self.places))
            home = self.model.homes[id_]
            may = not home.ended
            self.tried(MOVE, may=may, household=id_, version=self.version("household", id_), place=place, on=on)
            home.place = place if may else home.place

        @rule(data=st.data(), on=DAYS, late=st.integers(0, 3).map(lambda drawn: drawn == 0))
        def split(self, data: st.DataObject, on: date, late: bool) -> None:
            id_ = self.home(data, living=True)
            home = self.model.homes[id_]
            if not home.members:
                return
            leaving = data.draw(st.lists(st.sampled_from(sorted(home.members)), min_size=1, max_size=3, unique=True))
            staying = sorted(set(home.members) - set(leaving))
            head = data.draw(st.sampled_from(leaving))
            needs = self.model.needs_head(id_, set(leaving))
            heir = self.heir(data, staying, needed=needs)
            may = not (home.ended or late) and bool(staying) and needs == (heir is not None)
            may = may and all(self.model.last[each] <= on for each in leaving)
            given = {"household": id_, "version": self.version("household", id_) + late, "on": on, "head": head}
            made = self.tried(SPLIT, may=may, **given, members=leaving, remaining_head=heir)
            if may:
                assert made is not None
                self.model.homes[made] = Home(home.place, on)
                self.model.settle({each: "HEAD" if each == head else "OTHER" for each in leaving}, made, on)
                home.members |= {} if heir is None else {heir: "HEAD"}
                self.model.households += 1

        @rule(data=st.data(), on=DAYS)
        def merge(self, data: st.DataObject, on: date) -> None:
            id_, into = self.home(data), self.home(data)
            home, other = self.model.homes[id_], self.model.homes[into]
            may = id_ != into and not home.ended and not other.ended and home.since < on
            may = may and all(self.model.last[each] <= on for each in home.members)
            self.tried(MERGE, may=may, household=id_, version=self.version("household", id_), into=into, on=on)
            if may:
                turned = {"HEAD": "OTHER"} if other.heads else {}
                people = {each: turned.get(relation, relation) for each, relation in home.members.items()}
                self.model.settle(people, into, on)
                home.ended = True
                self.model.households -= 1

        @rule(data=st.data(), on=DAYS, relation=RELATIONS)
        def join(self, data: st.DataObject, on: date, relation: str) -> None:
            into, back = self.home_or_founded(data), data.draw(st.booleans())
            person = data.draw(st.sampled_from(sorted(self.model.gone))) if back and self.model.gone else None
            here = None
            if person is None:
                here = self.home(data, living=True)
                person = self.member(data, here)
            if person is None:
                return
            other = self.model.homes[into]
            staying = [] if here is None else sorted(set(self.model.homes[here].members) - {person})
            needs = here is not None and self.model.needs_head(here, {person})
            heir = self.heir(data, staying, needed=needs)
            may = not other.ended and here != into and not (relation == "HEAD" and other.heads)
            may = may and self.model.gone.get(person) is not Departure.DIED
            may = may and self.model.last[person] <= on and needs == (heir is not None)
            given = {"person": person, "version": self.version("person", person), "household": into, "on": on}
            self.tried(JOIN, may=may, **given, relation=Relation[relation], new_head=heir)
            if may:
                self.model.settle({person: relation}, into, on)
                if here is not None and heir is not None:
                    self.model.homes[here].members[heir] = "HEAD"
                self.model.people += person in self.model.gone
                self.model.gone.pop(person, None)

        @rule(data=st.data(), on=DAYS, departure=st.sampled_from(list(Departure)))
        def leave(self, data: st.DataObject, on: date, departure: Departure) -> None:
            here = self.home(data, living=True)
            person = self.member(data, here)
            if person is None:
                return
            home = self.model.homes[here]
            staying = sorted(set(home.members) - {person})
            needs = self.model.needs_head(here, {person})
            heir = self.heir(data, staying, needed=needs)
            may = self.model.last[person] <= on and needs == (heir is not None)
            given = {"person": person, "version": self.version("person", person), "departure": departure, "on": on}
            self.tried(LEAVE, may=may, **given, new_head=heir)
            if may:
                del home.members[person]
                home.members |= {} if heir is None else {heir: "HEAD"}
                self.model.last[person] = on
                self.model.gone[person] = departure
                self.model.people -= 1

        @rule(data=st.data(), on=DAYS, relation=st.none() | RELATIONS)
        def birth(self, data: st.DataObject, on: date, relation: str | None) -> None:
            id_ = self.home_or_founded(data)
            home = self.model.homes[id_]
            may = not home.ended and not (relation == "HEAD" and home.heads)
            given = {"household": id_, "name": "王小寶", "sex": Sex.FEMALE, "on": on}
            made = self.tried(BIRTH, may=may, **given, relation=None if relation is None else Relation[relation])
            if may:
                assert made is not None
                home.members[made] = relation or "CHILD"
                self.model.last[made] = on
                self.model.people += 1

        @invariant()
        def what_an_entry_has_changed_is_noted(self) -> None:
            """Once the model knows it as well."""
            if self.begun is None:
                return
            number, before = self.begun
            self.begun = None
            found = self.rows(f"SELECT record, row_id FROM change WHERE number = {number}")
            homes, people = (
                frozenset(each["row_id"] for each in found if each["record"] == table)
                for table in ("household", "person")
            )
            rows = Rows(homes, people)
            self.past[number] = rows, before, deepcopy(self.model)
            self.last |= dict.fromkeys(rows.keys, number)

        @rule(data=st.data())
        def undo(self, data: st.DataObject) -> None:
            if not self.past:
                return
            standing = self.standing()
            founding = [each for each in standing if self.past[each][0].homes - self.past[each][1].homes.keys()]
            asked = [sorted(self.past), sorted(self.past.keys() - set(standing)), standing, founding]
            number = data.draw(st.sampled_from(data.draw(st.sampled_from([each for each in asked if each]))))
            rows, before, after = self.past[number]
            since = sorted(id_ for id_ in rows.keys if self.last[id_] != number)
            made = sorted(rows.homes - before.homes.keys())
            others = ", ".join(map(str, rows.people or {0}))
            used = [
                id_
                for id_ in made
                if self.rows(f"SELECT id FROM person WHERE household_id = {id_} AND id NOT IN ({others})")
            ]
            undone = self.clerk.undo(number)
            codes = [(each.record, each.row_id) for each in undone.refused]
            if since or used:
                assert codes == (since or [("household", id_) for id_ in used]), why_not(undone)
                kinds = {"STALE", "NOT_FOUND"} if since else {"IN_USE"}
                assert {code for _, _, code in why_not(undone)} <= kinds
                done["stale"] += bool(since)
                return
            assert codes == [], why_not(undone)
            self.begun = undone.outcome.change_sets[DISTRICT], deepcopy(self.model)
            self.model.take_back(rows, before, after)
            self.entries += 1
            done["undo"] += 1
            done["redo"] += number in self.undoings
            self.undoings.add(self.begun[0])

        @invariant()
        def everybody_lives_where_the_model_says(self) -> None:
            found: dict[int, dict[int, str]] = {id_: {} for id_ in self.model.homes}
            for row in self.people(self.model.homes):
                found[row["household_id"]][row["id"]] = row["relation"]
            assert found == {id_: home.members for id_, home in self.model.homes.items()}

        @invariant()
        def households_are_where_and_in_force_as_the_model_says(self) -> None:
            listed = ", ".join(map(str, self.model.homes))
            rows = self.rows(f"SELECT id, place_code, valid_to, status FROM household WHERE id IN ({listed})")
            found = {row["id"]: (row["place_code"], row["valid_to"] is not None) for row in rows}
            assert found == {id_: (home.place, home.ended) for id_, home in self.model.homes.items()}
            assert {row["id"] for row in rows if row["status"] == "REMOVED"} >= {
                id_ for id_, home in self.model.homes.items() if home.ended
            }

        @invariant()
        def what_is_counted_agrees(self) -> None:
            assert self.counted() == (self.model.households, self.model.people)

        @invariant()
        def the_log_has_an_entry_for_each_and_holds(self) -> None:
            assert self.count_entries() == self.entries
            assert all(chain.breaks == () for chain in self.clerk.chains())

    return Machine


_PLACES = f"""SELECT code FROM place WHERE level IN (3, 4) AND valid_to IS NULL AND district_code = {DISTRICT}
    AND valid_from < '2015-01-01' AND code % 7 = 0 ORDER BY code LIMIT 20"""


def test_any_changes_of_families(graph: Graph, demo_copy: Database) -> None:
    done: Counter[str] = Counter()
    run_state_machine_as_test(
        of_machine(graph, demo_copy, done),
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    happened = [*(each.name for each in FAMILY), "undo"]  # each way of being refused is tried in test_undoing.py
    assert [name for name in happened if not done[name]] == [], f"of everything something can be done: {done}"
