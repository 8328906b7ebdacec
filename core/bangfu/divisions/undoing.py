"""Takes a reorganisation back: all places are as they were, and rows lie where they lay."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bangfu.access import Policy
from bangfu.declare.codes import DISTRICT_SPAN, official_code
from bangfu.declare.records import Dated, table_of
from bangfu.divisions.carrier import CannotBe, Carrier, refused
from bangfu.divisions.carrying import Moving, Reorganised, check_may, check_unknown_tables, located
from bangfu.domain.places import Place, Succession
from bangfu.query.values import among
from bangfu.registry import Platform
from bangfu.store.reorganisations import PLACE_MOVE, REORGANISATION
from bangfu.write.entries import Entries
from bangfu.write.outcome import Author, Code


def undo(
    connection: Connection,
    platform: Platform,
    district: int,
    number: int,
    *,
    author: Author,
    policy: Policy,
    dry: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Reorganised:
    """Undoes the last reorganisation of a district that is not undone, by the district's code of 15 digits.

    Rows that were entered since go back too, where it is clear to which place; else it is refused, and says which
    they are. Raises Forbidden where the author lacks the permission.
    """
    check_may(policy)
    with connection.begin() as transaction:
        try:
            done = _undo(connection, platform, district, number, author, policy, tell)
        except CannotBe as error:
            transaction.rollback()
            return Reorganised(number=None, rejections=error.rejections)
        if dry:
            transaction.rollback()
            return Reorganised(number=None, moves=done.moves)
        return done


def _undo(
    connection: Connection,
    platform: Platform,
    code: int,
    number: int,
    author: Author,
    policy: Policy,
    tell: Callable[[str], None],
) -> Reorganised:
    if not policy.covers_code(code):
        told = official_code(code)
        raise refused("district", Code.UNKNOWN_PLACE, f"沒有區縣{told}。", f"There is no district {told}.")
    district = code // DISTRICT_SPAN
    entries = Entries(connection)
    entries.hold([district])
    done = _found(connection, district, number)
    drawn: Mapping[str, Any] = done["drawn"]
    carrier = Carrier(connection, entries, district, author, done["happened_on"])
    check_unknown_tables(connection, platform, district, drawn["begun"])
    # Places that ended have to be there again before anything can lie in them, and those that began have to be empty.
    carrier.reopen_places(drawn["ended"])
    moves: list[Moving] = []
    for record in located(platform):
        tell(record.__title__.en)
        goes = _back(connection, record, district, number, drawn)
        carrier.move(record, goes)
        for (was, to), rows in sorted(Counter(goes.values()).items()):
            moves.append(Moving(record=record.__tablename__, from_code=was, to_code=to, rows=rows))
    carrier.delete(Succession, drawn["lineage"])
    carrier.delete_places(drawn["begun"])
    carrier.name_places({int(place): names for place, names in drawn["names"].items()})
    move = PLACE_MOVE.c
    begun = (move.record == Place.__tablename__) & among(move.row_id, drawn["begun"])
    connection.execute(
        delete(PLACE_MOVE).where(move.district_code == district, (move.reorganisation == number) | begun)
    )
    made = entries.close(author)
    same = (REORGANISATION.c.district_code == district) & (REORGANISATION.c.number == number)
    connection.execute(update(REORGANISATION).where(same).values(undone_entry=made[district]))
    return Reorganised(number=number, moves=moves, change_sets=made)


def _found(connection: Connection, district: int, number: int) -> Mapping[str, Any]:
    """The reorganisation, which has to be the last one that is not undone."""
    table = REORGANISATION
    rows = connection.execute(
        select(table).where(table.c.district_code == district).order_by(table.c.number.desc())
    ).mappings()
    standing = [row for row in rows if row["undone_entry"] is None]
    if not standing or all(row["number"] != number for row in standing):
        zh, en = f"沒有可撤銷的第{number}次調整。", f"There is no reorganisation {number} that could be undone."
        raise refused("number", Code.NOT_FOUND, zh, en)
    if standing[0]["number"] != number:
        last = standing[0]["number"]
        zh = f"其後還有第{last}次調整，應先撤銷。"
        en = f"Reorganisation {last} came after it: undo that one first."
        raise refused("number", Code.CHECK_FAILED, zh, en)
    return dict(standing[0])


def _back(
    connection: Connection, record: type[Dated], district: int, number: int, drawn: Mapping[str, Any]
) -> dict[int, tuple[int, int]]:
    """The rows that go back, each from where and to where.

    A row that the reorganisation moved goes back to where it lay, unless it has been given another place since that
    stays. Any other row in a place that goes was entered there since: it goes to the place that this one was before.
    """
    table, move = table_of(record), PLACE_MOVE
    lay = select(move.c.row_id, move.c.from_code, move.c.to_code).where(
        move.c.district_code == district, move.c.reorganisation == number, move.c.record == record.__tablename__
    )
    moved = {row.row_id: (row.from_code, row.to_code) for row in connection.execute(lay)}
    begun = set(drawn["begun"])
    here = table.c.district_code == district
    statement = select(table.c.id, table.c.place_code).where(
        here, among(table.c.id, sorted(moved)) | among(table.c.place_code, sorted(begun))
    )
    before = dict(_befores(drawn))
    goes: dict[int, tuple[int, int]] = {}
    unclear: Counter[int] = Counter()
    for row in connection.execute(statement.order_by(table.c.id)):
        if row.id in moved and moved[row.id][1] == row.place_code:
            goes[row.id] = row.place_code, moved[row.id][0]
        elif row.place_code in begun and row.place_code in before:
            goes[row.id] = row.place_code, before[row.place_code]
        elif row.place_code in begun:
            unclear[row.place_code] += 1
    if unclear:
        told = ", ".join(f"{official_code(code)}: {rows}" for code, rows in sorted(unclear.items()))
        zh = f"{record.__title__.zh}有此後填入的記錄，無法判斷應歸何處（{told}）；請先改動或刪除。"
        en = f"{record.__title__.en}: rows were entered since, and it is not clear where they belong ({told}); "
        raise refused(None, Code.IN_USE, zh, en + "change or delete them first.")
    return goes


def _befores(drawn: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The places that began as another one under a new code, each with that one."""
    followed = set(drawn["followed"])
    for code, to in drawn["moved"].items():
        if int(code) in followed:
            yield to, int(code)
