"""Writes places, their lineage and where rows lie, in one entry of a district's log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from bangfu.declare.codes import DISTRICT_SPAN
from bangfu.declare.records import Basis, Dated, table_of
from bangfu.declare.text import Text
from bangfu.divisions.redrawing import Lineage, Spot
from bangfu.domain.pinyin import pinyin
from bangfu.domain.places import Place, Succession
from bangfu.query.values import among
from bangfu.write.entries import Entries
from bangfu.write.outcome import Action, Author, Code, Rejection
from bangfu.write.refused import told_by
from bangfu.write.writing import Writer

_PART = 10_000
"""Rows that are written by one statement."""


class CannotBe(Exception):  # noqa: N818 - reads as what it says
    """Why a reorganisation cannot be carried out, or undone."""

    def __init__(self, rejections: Sequence[Rejection]) -> None:
        super().__init__("; ".join(each.message.en for each in rejections))
        self.rejections = rejections


WHOLE = -1
"""Stands for the number of a step where the plan as a whole is meant."""


def refused(column: str | None, code: Code, zh: str, en: str, *, row: int = WHOLE) -> CannotBe:
    """Why a plan as a whole, or one of its steps, cannot be."""
    return CannotBe([Rejection(row=row, column=column, code=code, message=Text(zh, en))])


class Carrier:
    """Writes places and where rows lie, in one entry of a district's log."""

    def __init__(self, connection: Connection, entries: Entries, district: int, author: Author, on: date) -> None:
        self._connection = connection
        self._entries = entries
        self.district = district
        self._author = author
        self._on = on
        self.names_before: dict[int, tuple[str, str]] = {}
        """Name and pinyin of the places that were renamed."""

    def begin_places(self, spots: Sequence[Spot]) -> None:
        """Places that come to be."""
        spelled = pinyin(each.name for each in spots)
        rows = [
            {
                **self._common(),
                "code": each.code,
                "name": each.name,
                "pinyin": how,
                "kind": each.kind,
            }
            for each, how in zip(spots, spelled, strict=True)
        ]
        self._write(Place, Action.CREATE, rows, [each.code for each in spots])

    def end_places(self, codes: Sequence[int]) -> None:
        """Places that are no longer in force from the day on."""
        self._update_places([{"code": code, "valid_to": self._on} for code in codes])

    def reopen_places(self, codes: Sequence[int]) -> None:
        """Places whose end is taken back."""
        self._update_places([{"code": code, "valid_to": None} for code in codes])

    def delete_places(self, codes: Sequence[int]) -> None:
        """Places whose beginning is taken back."""
        rows = [{"district_code": self.district, "code": code} for code in codes]
        self._write(Place, Action.DELETE, rows, codes)

    def rename(self, spots: Sequence[Spot]) -> None:
        """Places that get another name."""
        place = Place.__table__
        named = among(place.c.code, [each.code for each in spots])
        rows = self._connection.execute(
            select(place.c.code, place.c.name, place.c.pinyin).where(place.c.district_code == self.district, named)
        )
        self.names_before = {row.code: (row.name, row.pinyin) for row in rows}
        spelled = pinyin(each.name for each in spots)
        self.name_places({each.code: (each.name, how) for each, how in zip(spots, spelled, strict=True)})

    def name_places(self, names: Mapping[int, Sequence[str]]) -> None:
        """Places that get a name and its pinyin."""
        self._update_places([{"code": code, "name": name, "pinyin": how} for code, (name, how) in names.items()])

    def note_lineage(self, lineage: Sequence[Lineage]) -> list[int]:
        """What followed what; the ids of the rows."""
        table = table_of(Succession)
        rows = [
            {
                **self._common(),
                "id": self._entries.next_id(table, self.district),
                "predecessor_code": each.predecessor,
                "successor_code": each.successor,
                "kind": each.kind,
                "happened_on": self._on,
                "former_name": each.former_name,
            }
            for each in lineage
        ]
        self._write(Succession, Action.CREATE, rows, [each.successor for each in lineage])
        return [row["id"] for row in rows]

    def move(self, record: type[Dated], goes: Mapping[int, tuple[int, int]]) -> None:
        """Rows that come to lie in another place."""
        rows = [{"district_code": self.district, "id": id_, "place_code": to} for id_, (_, to) in sorted(goes.items())]
        self._write(record, Action.UPDATE, rows, [to for _, (_, to) in sorted(goes.items())])

    def note_moves(self, record: type[Dated], goes: Mapping[int, tuple[int, int]], number: int) -> None:
        """Where they lay before."""
        if goes:
            self._connection.execute(
                text(
                    "INSERT INTO place_move"
                    " (district_code, record, row_id, reorganisation, happened_on, from_code, to_code)"
                    " SELECT :district, :record, g.id, :number, :on, g.lay, g.lies"
                    " FROM unnest(CAST(:ids AS bigint[]), CAST(:froms AS bigint[]), CAST(:tos AS bigint[]))"
                    " AS g(id, lay, lies)"
                ),
                {
                    "district": self.district,
                    "record": record.__tablename__,
                    "number": number,
                    "on": self._on,
                    "ids": list(goes),
                    "froms": [code for code, _ in goes.values()],
                    "tos": [to for _, to in goes.values()],
                },
            )

    def note_followed(self, goes: Mapping[int, int], number: int) -> None:
        """What places were before that go on under another code, with what they had been before that.

        So rows that are entered later are found in the place of an earlier day as well.
        """
        self._connection.execute(
            text(
                "INSERT INTO place_move"
                " (district_code, record, row_id, reorganisation, happened_on, from_code, to_code)"
                " SELECT m.district_code, m.record, g.lies, m.reorganisation, m.happened_on, m.from_code, g.lies"
                " FROM unnest(CAST(:froms AS bigint[]), CAST(:tos AS bigint[])) AS g(lay, lies)"
                " JOIN place_move m ON m.row_id = g.lay WHERE m.district_code = :district AND m.record = 'place'"
            ),
            {"district": self.district, "froms": list(goes), "tos": list(goes.values())},
        )
        self.note_moves(Place, {to: (code, to) for code, to in goes.items()}, number)

    def delete(self, record: type[Dated], ids: Sequence[int]) -> None:
        """Rows that are taken back."""
        rows = [{"district_code": self.district, "id": id_} for id_ in ids]
        self._write(record, Action.DELETE, rows, [self.district * DISTRICT_SPAN] * len(rows))

    def _update_places(self, rows: Sequence[Mapping[str, Any]]) -> None:
        given = [{"district_code": self.district, **row} for row in rows]
        self._write(Place, Action.UPDATE, given, [row["code"] for row in rows])

    def _common(self) -> dict[str, Any]:
        """What every new row holds."""
        return {
            "district_code": self.district,
            "version": 1,
            "source": self._author.name[:200],
            "basis": Basis.ADMINISTRATIVE,
            "recorded_on": self._on,
            "valid_from": self._on,
            "valid_to": None,
        }

    def _write(
        self, record: type[Dated], action: Action, rows: Sequence[Mapping[str, Any]], places: Sequence[int]
    ) -> None:
        table = table_of(record)
        writer = Writer(self._connection, table, self.district, self._entries.number(self.district))
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            try:
                writer.write(action, part, self._entries.position(self.district))
            except IntegrityError as error:
                column, code, message = told_by(error, table, action)
                zh, en = f"{record.__title__.zh}：{message.zh}", f"{record.__title__.en}: {message.en}"
                raise refused(column, code, zh, en) from error
            self._entries.add(record, self.district, Counter(places[start : start + len(part)]))
