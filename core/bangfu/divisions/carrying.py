"""Carries a reorganisation out: places begin and end, and the rows that lie in them go along, in one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from bangfu.access import Forbidden, Policy
from bangfu.declare.codes import DISTRICT_SPAN, code_range, level_of, official_code
from bangfu.declare.grain import Grain
from bangfu.declare.records import Dated, columns_of, table_of
from bangfu.divisions.carrier import CannotBe, Carrier, refused
from bangfu.divisions.conserved import Figure, all_values, compare
from bangfu.divisions.plan import Plan
from bangfu.divisions.redrawing import Lineage, Redrawing, Redrawn, Spot, ancestor_of
from bangfu.domain.households import Household
from bangfu.domain.places import Place, Succession
from bangfu.domain.targets import Target
from bangfu.query.scope import in_force
from bangfu.query.values import among
from bangfu.registry import Platform
from bangfu.registry.platform import CORE_RECORDS
from bangfu.store.reorganisations import REORGANISATION
from bangfu.write.entries import Entries
from bangfu.write.outcome import Author, Code, Rejection

REORGANISE = "register:reorganise"
"""What it takes to change divisions, beside a whole district."""

Told = Callable[[str], None]
"""Is told what is being done."""


@dataclass(frozen=True, kw_only=True)
class Moving:
    """Rows of one record that come from one place to another."""

    record: str
    from_code: int
    to_code: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Reorganised:
    """What comes of a reorganisation, or would."""

    number: int | None
    """Its number in the district; None where nothing was written."""

    rejections: Sequence[Rejection] = ()
    lineage: Sequence[Lineage] = ()
    begun: Sequence[Spot] = ()
    moves: Sequence[Moving] = ()
    figures: Sequence[Figure] = ()
    targets_left: int = 0
    """Targets that stay with places that end, since what these become is something else."""

    change_sets: Mapping[int, int] = field(default_factory=dict)


def reorganise(
    connection: Connection,
    platform: Platform,
    plan: Plan,
    *,
    author: Author,
    policy: Policy,
    today: date,
    dry: bool = False,
    tell: Told = lambda _: None,
) -> Reorganised:
    """Changes divisions in a transaction of its own, all steps or none; nothing stays of a dry run.

    Raises Forbidden where the author lacks the permission. A measure that is not conserved refuses it.
    """
    check_may(policy)
    with connection.begin() as transaction:
        try:
            done = _carry_out(connection, platform, plan, author, policy, today, tell)
        except CannotBe as error:
            transaction.rollback()
            return Reorganised(number=None, rejections=error.rejections)
        if dry:
            transaction.rollback()
            return Reorganised(
                number=None,
                lineage=done.lineage,
                begun=done.begun,
                moves=done.moves,
                figures=done.figures,
                targets_left=done.targets_left,
            )
        return done


def check_may(policy: Policy) -> None:
    """Raises Forbidden where the author may not change divisions."""
    if not policy.holds(REORGANISE):
        raise Forbidden(REORGANISE)


def _carry_out(
    connection: Connection, platform: Platform, plan: Plan, author: Author, policy: Policy, today: date, tell: Told
) -> Reorganised:
    tell("places")
    district = plan.district // DISTRICT_SPAN
    entries = Entries(connection)
    _check_plan(connection, plan, policy, today)
    entries.hold([district])
    number = _next_number(connection, district, plan.on)
    drawing = Redrawing(plan, _spots(connection, district, plan.on))
    if drawing.rejections:
        raise CannotBe(drawing.rejections)
    drawn = drawing.drawn()
    check_unknown_tables(connection, platform, district, drawn.ended)
    before = _values(connection, platform, plan.district, today, tell)
    carrier = Carrier(connection, entries, district, author, plan.on)
    carrier.begin_places(drawn.begun)
    moves = _move_rows(connection, platform, carrier, plan, drawn, number, tell)
    carrier.note_followed({code: drawn.moved[code] for code in sorted(drawn.followed)}, number)
    carrier.end_places(drawn.ended)
    carrier.rename(drawn.renamed)
    lineage = carrier.note_lineage(drawn.lineage)
    figures = compare(platform, before, _values(connection, platform, plan.district, today, tell), drawn.lineage)
    if lost := [each for each in figures if not (each.is_conserved or each.counts_places)]:
        told = ", ".join(f"{each.name} {each.before} → {each.after}" for each in lost)
        raise refused(None, Code.CHECK_FAILED, f"統計數未能保持不變：{told}。", f"Measures would change: {told}.")
    left = _targets_left(connection, district, drawn)
    made = entries.close(author)
    if district not in made:
        raise refused("steps", Code.MISSING, "方案沒有任何步驟。", "The plan has no steps.")
    connection.execute(
        insert(REORGANISATION).values(
            district_code=district,
            number=number,
            happened_on=plan.on,
            note=plan.note,
            author=author.name,
            entry=made[district],
            drawn=_as_json(drawn, carrier.names_before, lineage),
        )
    )
    return Reorganised(
        number=number,
        lineage=drawn.lineage,
        begun=drawn.begun,
        moves=moves,
        figures=figures,
        targets_left=left,
        change_sets=made,
    )


def _check_plan(connection: Connection, plan: Plan, policy: Policy, today: date) -> None:
    place = Place.__table__
    known = connection.scalar(select(place.c.code).where(place.c.code == plan.district))
    if level_of(plan.district) is not Grain.DISTRICT or known is None or not policy.covers_code(plan.district):
        told = official_code(plan.district)
        raise refused("district", Code.UNKNOWN_PLACE, f"沒有區縣{told}。", f"There is no district {told}.")
    if plan.on > today:
        zh = f"變更日期不能晚於報告日期{today}。"
        en = f"Divisions change up to the reporting date, {today}: move the books on first."
        raise refused("on", Code.OUT_OF_RANGE, zh, en)


def _next_number(connection: Connection, district: int, on: date) -> int:
    """The number of a reorganisation, which happens after those before it."""
    table = REORGANISATION.c
    statement = select(func.coalesce(func.max(table.number), 0)).where(table.district_code == district)
    last = select(func.max(table.happened_on)).where(table.district_code == district, table.undone_entry.is_(None))
    latest = connection.scalar(last)
    if latest is not None and on < latest:
        zh = f"此前已有{latest}的調整；日期不能更早，除非先撤銷它。"
        en = f"Divisions were changed on {latest} already: give that day or a later one, or undo it first."
        raise refused("on", Code.OUT_OF_RANGE, zh, en)
    return int(connection.scalar(statement) or 0) + 1


def _spots(connection: Connection, district: int, on: date) -> Iterator[Spot]:
    """All places that there are or were; those that are in force on the day, and were already the day before.

    A place cannot end on the day on which it begins.
    """
    place = Place.__table__
    holds = (in_force(place, on) & (place.c.valid_from < on)).label("holds")
    columns = (place.c.code, place.c.name, place.c.kind, holds, place.c.valid_to)
    for row in connection.execute(select(*columns).where(place.c.district_code == district)):
        ends_on = row.valid_to if row.holds else None
        yield Spot(code=row.code, name=row.name, kind=row.kind, is_in_force=row.holds, ends_on=ends_on)


def _values(connection: Connection, platform: Platform, district: int, today: date, tell: Told) -> Any:
    tell("measures")
    return all_values(connection, platform, district, today)


def located(platform: Platform) -> list[type[Dated]]:
    """The records whose rows lie in a place by its code."""
    own = (record for each in platform.plugins for record in each.plugin.records)
    return [each for each in (*CORE_RECORDS, *own) if any(column.name == "place_code" for column in columns_of(each))]


def check_unknown_tables(connection: Connection, platform: Platform, district: int, codes: Collection[int]) -> None:
    """Refuses where tables of plugins that are off have rows in places that end: they would be left behind."""
    known = {record.__tablename__ for record in located(platform)} | {Succession.__tablename__}
    pointing = connection.scalars(
        text(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'place'::regclass ORDER BY 1"
        )
    )
    for name in [each for each in pointing if each.strip('"') not in known]:
        found = connection.scalar(
            text(
                f"SELECT count(*) FROM {name} WHERE district_code = :district AND place_code = ANY(:codes)"  # noqa: S608
            ),
            {"district": district, "codes": list(codes)},
        )
        if found:
            zh = f"停用的插件在{name}中有{found}行屬於這些地方；請先啟用該插件。"
            en = f"{found} rows of {name} lie there, of a plugin that is switched off: switch it on first."
            raise refused(None, Code.IN_USE, zh, en)


def _move_rows(
    connection: Connection, platform: Platform, carrier: Carrier, plan: Plan, drawn: Redrawn, number: int, tell: Told
) -> list[Moving]:
    found: list[Moving] = []
    gone = _gone(connection, carrier.district, drawn)
    for record in located(platform):
        tell(record.__title__.en)
        if record is not Target:
            _check_left_behind(connection, record, carrier.district, gone)
        moved = {code: to for code, to in drawn.moved.items() if record is not Target or code in drawn.followed}
        lying = _lying(connection, record, carrier.district, moved)
        goes = {row: (code, moved[code]) for row, code in lying.items()}
        if record is Household and drawn.households:
            goes |= _split_off(connection, plan, carrier.district, drawn, goes)
        carrier.move(record, goes)
        carrier.note_moves(record, goes, number)
        for (code, to), rows in sorted(Counter(goes.values()).items()):
            found.append(Moving(record=record.__tablename__, from_code=code, to_code=to, rows=rows))
    return found


def _gone(connection: Connection, district: int, drawn: Redrawn) -> list[int]:
    """Places inside those that end, which had ended before."""
    place = Place.__table__
    codes = connection.scalars(select(place.c.code).where(place.c.district_code == district))
    ended = set(drawn.ended)
    return [code for code in codes if code not in ended and any(above in ended for above in _around(code))]


def _around(code: int) -> Iterator[int]:
    while level_of(code) is not Grain.DISTRICT:
        code = ancestor_of(code)
        yield code


def _check_left_behind(connection: Connection, record: type[Dated], district: int, gone: Collection[int]) -> None:
    """Refuses where rows lie in places that had ended before: nobody can tell where they belong now."""
    if found := Counter(_lying(connection, record, district, gone).values()):
        told = ", ".join(f"{official_code(code)}: {rows}" for code, rows in sorted(found.items()))
        zh = f"{record.__title__.zh}仍有記錄屬於早已撤銷的地方（{told}）；請先歸入現行地方。"
        en = f"{record.__title__.en}: rows lie in places that had ended before ({told}); give them another place first."
        raise refused(None, Code.IN_USE, zh, en)


def _lying(connection: Connection, record: type[Dated], district: int, codes: Collection[int]) -> dict[int, int]:
    """The rows of a record that lie in places, each with the code."""
    table = table_of(record)
    statement = select(table.c.id, table.c.place_code).where(
        table.c.district_code == district, among(table.c.place_code, sorted(codes))
    )
    return {row.id: row.place_code for row in connection.execute(statement.order_by(table.c.id))}


def _split_off(
    connection: Connection, plan: Plan, district: int, drawn: Redrawn, goes: Mapping[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """The households that a plan names, each from where it lives; those that go with their place need not be."""
    table = table_of(Household)
    statement = select(table.c.id, table.c.place_code).where(
        table.c.district_code == district, among(table.c.id, sorted(drawn.households))
    )
    lives = {row.id: row.place_code for row in connection.execute(statement)}
    found, unknown = {}, []
    for household, (old, new) in drawn.households.items():
        code = lives.get(household)
        first, last = code_range(old)
        if code is None or not first <= code <= last:
            unknown.append(household)
        elif household not in goes:
            found[household] = code, new
    if unknown:
        named = set(unknown)
        step = next(number for number, each in enumerate(plan.steps) if named & set(getattr(each, "households", ())))
        told = "、".join(map(str, sorted(named)))
        zh, en = f"不住在該村的戶：{told}。", f"No households of that place: {told}."
        raise refused("households", Code.UNKNOWN_HOUSEHOLD, zh, en, row=step)
    return found


def _targets_left(connection: Connection, district: int, drawn: Redrawn) -> int:
    ended = [code for code in drawn.ended if code not in drawn.followed]
    return len(_lying(connection, Target, district, ended))


def _as_json(drawn: Redrawn, names: Mapping[int, Sequence[str]], lineage: Sequence[int]) -> dict[str, Any]:
    """What has to be known to undo it."""
    return {
        "begun": [each.code for each in drawn.begun],
        "ended": list(drawn.ended),
        "names": {str(code): list(each) for code, each in names.items()},
        "moved": {str(code): to for code, to in drawn.moved.items()},
        "followed": sorted(drawn.followed),
        "lineage": list(lineage),
    }
