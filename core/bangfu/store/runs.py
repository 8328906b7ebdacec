"""Runs of the log of changes: many rows that were created at once, kept as they were written, and told one by one."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    cast,
    column,
    func,
    literal,
    null,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

LONGEST = 1_000
"""Rows of a run, at most: where the run of a row is looked up, no more ids have to be looked at."""

_ADD = text(
    """INSERT INTO change_run (district_code, number, position, record, row_id, rows, columns, usual, lines)
    SELECT :district, :number, :position + (n - 1) * :most, :record, :first + (n - 1) * :most,
        least(:most, :rows - (n - 1) * :most), CAST(:columns AS text[]), :usual, g.lines
    FROM string_to_table(:runs, E'\\n\\n') WITH ORDINALITY AS g(lines, n)"""
)


def add_runs(
    connection: Connection,
    district: int,
    number: int,
    position: int,
    *,
    record: str,
    first: int,
    columns: Sequence[str],
    lines: Sequence[str],
    usual: str,
) -> None:
    """Enters created rows under a number of a district that is held, from a position on; `first` is the first's id.

    `lines` are the rows' values of `columns` in COPY's text form, as far as `usual` does not have them for all; none
    of them holds an escape but for nothing.
    """
    runs = ("\n".join(lines[begin : begin + LONGEST]) for begin in range(0, len(lines), LONGEST))
    given = {
        "district": district,
        "number": number,
        "record": record,
        "first": first,
        "position": position,
        "most": LONGEST,
        "rows": len(lines),
        "columns": list(columns),
        "usual": usual,
        # As one text: psycopg takes longer to write a list of long texts. No line is empty.
        "runs": "\n\n".join(runs),
    }
    connection.execute(_ADD, given)


def rows_of_runs(run: FromClause, only: ColumnElement[int] | None = None) -> Select[tuple[object, ...]]:
    """The rows of runs in the columns of `change`, in no order; of each run only one where its place is given."""
    told = func.change_run_rows(
        *(run.c.district_code, run.c.record, run.c.row_id, run.c.columns, run.c.usual, run.c.lines),
        cast(null(), Integer) if only is None else cast(only, Integer),
    )
    line = told.table_valued(column("n", Integer), column("after", JSONB), name="line").lateral()
    later = line.c.n - 1
    return select(
        run.c.district_code,
        run.c.number,
        (run.c.position + later).label("position"),
        run.c.record,
        (run.c.row_id + later).cast(BigInteger).label("row_id"),
        literal("create").label("action"),
        cast(null(), JSONB).label("before"),
        line.c.after,
    ).select_from(run.join(line, true()))
