"""What rows are about: the place, household or person that each belongs to, and where that lies."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, String, any_, cast, distinct, func, literal, not_, select

from bangfu.declare.codes import DISTRICT_SPAN, level_of, official_code
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place, Succession
from bangfu.query.scope import in_force
from bangfu.query.values import among
from bangfu.write.outcome import Code
from bangfu.write.places import array_of

_COLUMNS = ("person_id", "household_id", "place_code")


def owner_column(record: type[Dated]) -> str:
    """The column by which a record's rows belong to something."""
    found = {column.name for column in record.__table__.columns}
    return next(name for name in _COLUMNS if name in found)


def levels_of(record: type[Dated]) -> frozenset[Grain]:
    """The levels of places that a record's rows may be about, where they are about places."""
    declared: frozenset[Grain] | None = record.__levels__
    return declared or frozenset((record.__grain__,))


def find_owners(
    connection: Connection, column: str, keys: Collection[int], *, on: date | None = None
) -> Mapping[int, int]:
    """Where those lie that there are, by their keys: the code of a place is its own.

    With a day, of places those that are in force on it.
    """
    if not keys:
        return {}
    districts = sorted({key // DISTRICT_SPAN for key in keys})
    statement: Any
    match column:
        case "place_code":
            statement = select(Place.code, Place.code).where(Place.district_code.in_(districts))
            statement = statement.where(among(Place.__table__.c.code, sorted(keys)))
            if on is not None:
                statement = statement.where(in_force(Place.__table__, on))
        case "household_id":
            statement = select(Household.id, Household.place_code).where(Household.district_code.in_(districts))
            statement = statement.where(among(Household.__table__.c.id, sorted(keys)))
        case _:
            lives = (Household.id == Person.household_id) & (Household.district_code == Person.district_code)
            statement = select(Person.id, Household.place_code).join(Household, lives)
            statement = statement.where(Person.district_code.in_(districts), among(Person.__table__.c.id, sorted(keys)))
    return {key: int(code) for key, code in connection.execute(statement)}


def hold_owners(connection: Connection, column: str, keys: Collection[int]) -> int:
    """Keeps others from taking away any of some places, households or people until the transaction ends; how many.

    It is what PostgreSQL does for a foreign key, row by row.
    """
    record = {"place_code": Place, "household_id": Household, "person_id": Person}[column]
    key = record.__table__.c["code" if record is Place else "id"]
    districts = sorted({each // DISTRICT_SPAN for each in keys})
    wanted = cast(literal(array_of(sorted(keys)), String), ARRAY(BigInteger))
    held = select(key).where(record.__table__.c.district_code.in_(districts), key == any_(wanted))
    held = held.with_for_update(read=True, key_share=True)
    return connection.scalar(select(func.count()).select_from(held.subquery())) or 0


def not_in_force(connection: Connection, codes: Collection[int], on: date) -> Mapping[int, tuple[Code, Text]]:
    """Why nothing is entered for those of some places that there are, and that are no longer, or not yet, in force."""
    place, later = Place.__table__.c, Succession.__table__.c
    became = (
        select(func.array_agg(distinct(later.successor_code)))
        .where(later.district_code == place.district_code, later.predecessor_code == place.code)
        .where(later.successor_code != place.code, later.happened_on <= on)
        .scalar_subquery()
    )
    statement = select(place.code, place.name, place.valid_from, place.valid_to, became.label("became")).where(
        place.district_code.in_(sorted({code // DISTRICT_SPAN for code in codes})),
        among(place.code, sorted(codes)),
        not_(in_force(Place.__table__, on)),
    )
    return {row.code: _told_of(row, on) for row in connection.execute(statement)} if codes else {}


def _told_of(row: Any, on: date) -> tuple[Code, Text]:
    code = official_code(row.code)
    if row.valid_from > on:
        zh = f"{row.name}（{code}）自{row.valid_from}起才設立。"
        return Code.NOT_IN_FORCE, Text(zh, f"{row.name} ({code}) is not there before {row.valid_from}.")
    became = "、".join(official_code(each) for each in sorted(row.became or ()))
    zh = f"{row.name}（{code}）已於{row.valid_to}撤銷" + (f"，現為{became}。" if became else "。")
    en = f"{row.name} ({code}) is no more since {row.valid_to}" + (f"; it became {became}." if became else ".")
    return Code.NOT_IN_FORCE, Text(zh, en)


def unknown_owner(column: str, key: int) -> tuple[Code, Text]:
    """That there is no such place, household or person, or none that the viewer may see."""
    match column:
        case "place_code":
            return Code.UNKNOWN_PLACE, Text(f"沒有代碼為{key}的地方。", f"There is no place {key}.")
        case "household_id":
            return Code.UNKNOWN_HOUSEHOLD, Text(f"沒有編號為{key}的戶。", f"There is no household {key}.")
    return Code.UNKNOWN_PERSON, Text(f"沒有編號為{key}的人員。", f"There is no person {key}.")


def wrong_level(record: type[Dated], code: int) -> tuple[Code, Text] | None:
    """That a place is of another level than the record is kept at."""
    levels = levels_of(record)
    if (level := level_of(code)) in levels:
        return None
    zh = "或".join(each.title.zh for each in sorted(levels, key=lambda each: each.value))
    en = " or ".join(each.title.en.lower() for each in sorted(levels, key=lambda each: each.value))
    return Code.WRONG_LEVEL, Text(
        f"此處應填{zh}，而不是{level.title.zh}。", f"This is kept by {en}, and the place is a {level.title.en.lower()}."
    )
