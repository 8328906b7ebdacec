"""Two small districts with rows of every record, most values of which are nobody else's.

Whatever is told to a viewer can so be traced to the row it comes from.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy import text as sql
from tests.access.probe import PROBE

from bangfu import Basis, Grain
from bangfu.domain.households import Departure
from bangfu.domain.places import PlaceKind, SuccessionKind
from bangfu.registry import Attribute, Kind, Node, Platform, assemble, discover
from bangfu.store.setting import SETTING
from bangfu.store.tables import add_own_tables
from bangfu.write.copy import copy_rows
from bangfu_migrations import raise_wall

TODAY = date(2015, 10, 31)
Row = dict[str, Any]
Tables = dict[str, list[Row]]

HERE, THERE = 620502, 620503

# Codes of villages with how many households live in each. The last township is no more, but its people are.
VILLAGES = {
    620502_101_201: 13,
    620502_101_202: 10,
    620502_101_203: 8,
    620502_102_201: 15,
    620502_102_202: 4,
    620502_103_201: 11,
    620503_101_201: 5,
    620503_101_202: 3,
}
_GONE = {620502_103_000_000, 620502_103_201_000, 620502_101_204_000}
_HOLDS = date(2000, 1, 1)

# Unmistakable numbers: no sum of two of them is another, and no count reaches them.
AMOUNTS = (Decimal(10_000), Decimal(10_200))
COUNTS = (3_000_000, 3_100_000)


def platform() -> Platform:
    """The installed sectors, and one more that is made up."""
    return assemble([*(each.plugin for each in discover().plugins if each.plugin.name != "register"), PROBE])


def load(engine: Engine, installed: Platform, tables: Tables) -> None:
    """Makes the tables and fills them."""
    metadata = add_own_tables(installed.metadata())
    metadata.create_all(engine)
    raise_wall(engine, installed)
    records = {node.table.name: node.record for node in installed.graph.nodes.values()}
    with engine.begin() as connection:
        for name, record in records.items():
            for district in (HERE, THERE):
                copy_rows(
                    connection,
                    [_stored(row) for row in tables[name] if row["district_code"] == district],
                    record,
                    district_code=district,
                    source="",
                    basis=Basis.SYNTHETIC,
                    recorded_on=TODAY,
                )
        connection.execute(insert(SETTING).values(name="reporting_date", value=TODAY.isoformat()))
        connection.execute(sql("ANALYZE"))  # without statistics the planner takes every district's rows for one


class Maker:
    """Makes the rows of one world, the same for the same seed."""

    def __init__(self, installed: Platform, seed: int = 7) -> None:
        self._random = Random(seed)
        self._graph = installed.graph
        self._marks = iter(range(1, 1_000_000))
        self._ids: dict[tuple[str, int], int] = defaultdict(int)
        self.tables: Tables = {node.table.name: [] for node in self._graph.nodes.values()}

    def make(self) -> Tables:
        """All rows, the places first."""
        self.tables["place"] = list(self._places())
        self._lineage()
        core = self._graph.core
        for village, number in VILLAGES.items():
            homes = [row["code"] for row in self._at(Grain.NATURAL_VILLAGE) if row["code"] // 1000 == village]
            for index in range(number):
                # Where no natural village is known, a household lives in the village.
                place = village * 1000 if index < 2 else homes[index % len(homes)]
                self._household(core[Grain.HOUSEHOLD], place)
        records = [node for node in self._graph.nodes.values() if node.plugin is not None]
        for index, node in enumerate(records):
            self._records(node, index)
        self._targets()
        return self.tables

    def _places(self) -> Iterator[Row]:
        codes = [district * 10**9 for district in (HERE, THERE)]
        codes += [township * 10**6 for township in dict.fromkeys(village // 1000 for village in VILLAGES)]
        codes += [village * 1000 for village in (*VILLAGES, 620502_101_204)]
        codes += [village * 1000 + hamlet for village in VILLAGES for hamlet in (1, 2, 3)[: 1 + village % 3]]
        kinds = {1: PlaceKind.DISTRICT, 2: PlaceKind.TOWN, 3: PlaceKind.VILLAGE, 4: PlaceKind.NATURAL_VILLAGE}
        for code in codes:
            level = 1 + sum(code // span % 1000 > 0 for span in (10**6, 10**3, 1))
            yield {
                "district_code": code // 10**9,
                "code": code,
                "level": level,
                "name": f"地{code % 999}",
                "pinyin": f"di {code % 97}",
                "kind": kinds[level],
                "version": 1,
                "source": "list",
                "basis": Basis.ADMINISTRATIVE,
                "recorded_on": _HOLDS,
                "valid_from": _HOLDS,
                "valid_to": date(2015, 3, 1) if code in _GONE else None,
            }

    def _lineage(self) -> None:
        for earlier, later in ((620502_103_000_000, 620502_101_000_000), (620502_101_204_000, 620502_101_203_000)):
            row = self._row(self._graph.succession, HERE)
            row |= {"predecessor_code": earlier, "successor_code": later, "kind": SuccessionKind.MERGED}
            self._add(self._graph.succession, row | {"source": "list"})

    def _household(self, node: Node, place: int) -> None:
        home = self._add(node, self._row(node, place // 10**9) | {"place_code": place} | self._since(all_along=0.8))
        relations = ("HEAD", "SPOUSE", "CHILD", "HEAD")
        for index in range(self._random.choice((0, 1, 2, 3, 4))):
            person = self._graph.core[Grain.PERSON]
            row = self._row(person, home["district_code"]) | self._since(all_along=0.8)
            choices = person.attributes["relation"].field.choice
            assert choices is not None
            row |= {"household_id": home["id"], "relation": choices[relations[index]]}
            row["left_on"] = date(2015, 2, 1) if self._random.random() < 0.1 else None
            # As a register that keeps its own rules has it: born, then a member, then perhaps no longer.
            row["joined_on"] = date(2014, 1, 1) + timedelta(row["joined_on"].timetuple().tm_yday)
            if row["born_on"] is not None:
                row["born_on"] = row["born_on"].replace(year=1980)
            row["departure"] = Departure.MARRIED if row["left_on"] is not None else None
            self._add(person, row)

    def _records(self, node: Node, index: int) -> None:
        """Rows of one record: of some records nearly everybody has one, of others few do."""
        if node.grain.is_place:
            for place in self._at(node.grain):
                for _ in range(self._random.choice((1, 2) if node.grain.value < 3 else (0, 1, 1, 2))):
                    row = self._row(node, place["district_code"]) | {"place_code": place["code"]} | self._since(0.6)
                    self._add(node, row)
            return
        owners = self.tables["household" if node.grain is Grain.HOUSEHOLD else "person"]
        column = "household_id" if node.grain is Grain.HOUSEHOLD else "person_id"
        share = (1.0, 0.9, 0.4, 0.25)[index % 4]
        for owner in owners:
            years = (2014, 2015) if share > 0.5 or self._random.random() < 0.2 else (2015,)
            for year in years:
                if self._random.random() < share:
                    row = self._row(node, owner["district_code"], year) | {column: owner["id"]} | self._since(0.7)
                    self._add(node, row)

    def _targets(self) -> None:
        spans = {
            "2015": (date(2015, 1, 1), date(2015, 12, 31)),
            "2015/2016": (date(2015, 1, 1), date(2016, 12, 31)),
            "2015-Q3": (date(2015, 7, 1), date(2015, 9, 30)),
        }
        node = self._graph.target
        names = [
            f"{space.plugin.name}.{field.measure.name}"
            for space in self._graph.core[Grain.DISTRICT].namespaces.values()
            for field in space.measures.values()
            if field.indicator is not None
        ]
        for name in names:
            for place in self.tables["place"]:
                start, end = spans[self._random.choice([*spans, "2015"])]
                row = self._row(node, place["district_code"]) | {"place_code": place["code"], "indicator": name}
                row |= {"starts_on": start, "ends_on": end, "source": "plan"}
                row["value"] = Decimal(self._random.choice((1, 5, 12, 40, 500_000)))
                self._add(node, row)

    def _at(self, grain: Grain) -> list[Row]:
        return [row for row in self.tables["place"] if row["level"] == grain.value]

    def _since(self, all_along: float) -> Row:
        """When a row holds: most all along, some from or until a day before, in or after the year."""
        if self._random.random() < all_along:
            return {"valid_from": date(2013, 1, 1), "valid_to": None}
        start = self._random.choice((date(2013, 5, 1), date(2015, 4, 1), TODAY, TODAY + timedelta(1)))
        return {"valid_from": start, "valid_to": self._random.choice((None, start + timedelta(300)))}

    def _row(self, node: Node, district: int, year: int = 2015) -> Row:
        row: Row = {"district_code": district}
        for attribute in node.attributes.values():
            row[attribute.column] = self._value(node, attribute, year)
        steps = [name for name in ("planned_on", "started_on", "topped_out_on", "in_use_on") if name in row]
        known = sorted(row[name] for name in steps if row[name] is not None)
        for name in steps:
            row[name] = known.pop(0) if known and row[name] is not None else None
        if row.get("account_amount") is not None:
            row["account_amount"], row["monthly_amount"] = row["monthly_amount"], row["account_amount"]
        return row

    def _value(self, node: Node, attribute: Attribute, year: int) -> Any:
        random, name = self._random, attribute.column
        if name in ("version", "valid_from", "valid_to", "left_on"):
            return {"version": 1 + random.randrange(3)}.get(name)
        if name == "recorded_on":
            return random.choice((date(2014, 6, 30), date(2015, 6, 30), date(year, 6, 30)))
        if name == "source":
            # Of some records each row has its own, which a number made of one row would tell.
            return f"源{self._mark()}" if len(node.name) % 2 else "office"
        if name == "planned_on":
            return date(2014, 2, 1)
        if attribute.nullable and random.random() < 0.25:
            return None
        return self._known(node, attribute, year)

    def _known(self, node: Node, attribute: Attribute, year: int) -> Any:
        random, field = self._random, attribute.field
        match attribute.kind:
            case Kind.CHOICE:
                assert field.choice is not None
                return random.choice(list(field.choice)[:4])
            case Kind.FLAG:
                return random.random() < 0.75
            case Kind.DAY:
                return date(year, 1, 1) + timedelta(random.randrange(365))
            case Kind.CODE:
                return None
            case Kind.DECIMAL:
                return (
                    Decimal("4.35")
                    if field.unit == "percent"
                    else AMOUNTS[0] + (Decimal(next(self._marks)) / 100).quantize(Decimal("0.01"))
                )
            case Kind.INTEGER:
                small = {"year": year, "months": 12, "days": 1 + random.randrange(30)}
                return small.get(attribute.column) or COUNTS[0] + next(self._marks)
        length = getattr(node.table.c[attribute.column].type, "length", None)
        before = {"id_number": "620502", "name": "張", "secretary": "李", "phone": "139", "account": "6222"}
        return f"{before.get(attribute.column, '')}{self._mark()}"[:length]

    def _mark(self) -> str:
        return f"Q{next(self._marks):06d}Z"

    def _add(self, node: Node, row: Row) -> Row:
        key = node.table.name, row["district_code"]
        self._ids[key] += 1
        row["id"] = row["district_code"] * 10**9 + self._ids[key]
        if row.get("valid_from") is None:
            row["valid_from"] = _HOLDS
        self.tables[node.table.name].append(row)
        return row


def _stored(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("level", "district_code")}
