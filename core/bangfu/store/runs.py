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

TELLING = "audit.run_rows"
"""The function that makes rows of a run's lines."""

TOLD = f"""CREATE FUNCTION {TELLING}(
    district int, record text, first bigint, columns text[], usual text, lines text, only_line int,
    OUT n int, OUT after jsonb
) RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
DECLARE
    made text := 'jsonb_object($1, string_to_array(l.line || $2, E''\\t'', E''\\\\N''))'
        || ' || jsonb_build_object(''district_code'', $3, ''id'', $4 + l.n - 1)';
BEGIN
    -- Of a record that is no longer installed, nobody knows the types: its values are told as the texts they were.
    IF to_regclass(quote_ident(record)) IS NOT NULL THEN
        made := format('to_jsonb(jsonb_populate_record(NULL::%I, %s))', record, made);
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT l.n::int, %s FROM string_to_table($5, E''\\n'') WITH ORDINALITY l(line, n)'
            || ' WHERE $6 IS NULL OR l.n = $6', made
    ) USING columns, usual, district, first, lines, only_line;
END $$"""  # noqa: S608 - our own words
"""The statement that makes it, with the wall: a line becomes a row by the types that its record's table has now."""

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
    told = func.audit.run_rows(
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
