"""Places: five levels in one table, when each was in force, and what became of it."""

from datetime import date

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKeyConstraint,
    FromClause,
    Index,
    SmallInteger,
    case,
)
from sqlalchemy.orm import Mapped, mapped_column

from bangfu.declare.choice import Choice
from bangfu.declare.codes import SPANS
from bangfu.declare.fields import choice, code, day, text
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated, Record
from bangfu.declare.text import Text


class PlaceKind(Choice):
    """What a place is; an attribute of its own, since neither the name nor the code tells it for sure."""

    DISTRICT = "市轄區", "District"
    TOWN = "鎮", "Town"
    TOWNSHIP = "鄉", "Township"
    SUBDISTRICT = "街道", "Subdistrict"
    VILLAGE = "行政村", "Administrative village"
    COMMUNITY = "社區", "Community"
    NATURAL_VILLAGE = "自然村", "Natural village"


class SuccessionKind(Choice):
    """What happened to a place when divisions changed."""

    RENAMED = "更名", "Renamed"
    RECODED = "變更代碼", "Re-coded"
    MERGED = "合併", "Merged"
    SPLIT = "拆分", "Split"
    MOVED = "劃轉", "Moved to another place of the level above"


_LEVEL = (
    "CASE WHEN code % 1000 <> 0 THEN 4 WHEN code % 1000000 <> 0 THEN 3 WHEN code % 1000000000 <> 0 THEN 2 ELSE 1 END"
)


class Place(Dated):
    """A district, township, village or natural village; its row ends when divisions change."""

    __tablename__ = "place"
    __grain__ = Grain.NATURAL_VILLAGE  # the lowest of the levels that stand in it
    __title__ = Text("地方", "Place")
    __constraints__ = (
        CheckConstraint("code / 1000000000 = district_code", name="district"),
        Index(None, "district_code", "level", "code"),
    )

    code: Mapped[int] = code(zh="區劃代碼", en="Division code", primary_key=True, autoincrement=False, sort_order=-2)
    # Derived from the code inside the database, so that the two can never disagree.
    level: Mapped[int] = mapped_column(SmallInteger, Computed(_LEVEL, persisted=True))
    name: Mapped[str] = text(100, zh="名稱", en="Name")
    pinyin: Mapped[str] = text(200, zh="拼音", en="Pinyin of the name, without tones")
    kind: Mapped[PlaceKind] = choice(PlaceKind, zh="類別", en="Kind")


class Succession(Record):
    """Lineage (沿革): on which day one place followed another, wholly or in part."""

    __tablename__ = "place_succession"
    __grain__ = Grain.DISTRICT
    __title__ = Text("區劃沿革", "Succession of places")
    __constraints__ = (
        ForeignKeyConstraint(
            ["district_code", "predecessor_code"],
            ["place.district_code", "place.code"],
            name="fk_place_succession_predecessor",
        ),
        ForeignKeyConstraint(
            ["district_code", "successor_code"],
            ["place.district_code", "place.code"],
            name="fk_place_succession_successor",
        ),
        Index(None, "district_code", "predecessor_code"),
        Index(None, "district_code", "successor_code"),
    )

    predecessor_code: Mapped[int] = code(zh="原代碼", en="Code of the earlier place")
    successor_code: Mapped[int] = code(zh="新代碼", en="Code of the later place")
    kind: Mapped[SuccessionKind] = choice(SuccessionKind, zh="變更類型", en="What happened")
    happened_on: Mapped[date] = day(zh="變更日期", en="Day of the change")
    former_name: Mapped[str | None] = text(100, zh="原名稱", en="What the earlier place was called then")


def code_above(code: ColumnElement[int], grain: Grain) -> ColumnElement[int]:
    """The code of the place of level `grain` around another, or of that itself; null where there is none.

    By arithmetic, without a look at the table: it relies on a place being there as long as anything inside it is.
    """
    above = code - code % SPANS[grain]
    if grain is Grain.DISTRICT:
        return above
    return case((above % (SPANS[grain] * 1000) != 0, above))


def lies_inside(code: ColumnElement[int], grain: Grain, place: FromClause) -> list[ColumnElement[bool]]:
    """What has the code of a place inside one of level `grain`, or its own, besides having its district's code.

    That already says it of a district. The range would make PostgreSQL expect far too few rows.
    """
    return [] if grain is Grain.DISTRICT else [code.between(place.c.code, place.c.code + (SPANS[grain] - 1))]
