"""Seals anew what waits to be imported: a plan keeps sealed values in its rows, each bound to its position."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from bangfu.seal import Seal
from bangfu.seal.seal import VERSION

_BATCH = 2_000
_WAITING = (
    "FROM import_row r JOIN import_plan p ON p.id = r.plan WHERE p.record = :record"
    " AND r.row->>:name IS NOT NULL AND NOT starts_with(r.row->>:name, :head)"
)
_COUNT = text(f"SELECT count(*) {_WAITING}")
_NEXT = text(
    f"SELECT r.plan, r.position, r.row->>:name AS value {_WAITING}"
    " ORDER BY r.plan, r.position LIMIT :most FOR NO KEY UPDATE OF r"
)
_WRITE = text(
    "UPDATE import_row r SET row = r.row || jsonb_build_object(CAST(:name AS text), n.value)"
    " FROM unnest(CAST(:plans AS text[]), CAST(:positions AS bigint[]), CAST(:texts AS text[]))"
    " AS n (plan, position, value) WHERE r.plan = n.plan AND r.position = n.position"
)


def waiting_name(plan: str) -> str:
    """What the sealed values of a plan's rows are bound to, beside their positions."""
    return f"import_row.{plan}"


def count_waiting(connection: Connection, columns: Sequence[tuple[str, str]], seal: Seal) -> int:
    """How many values wait under other keys than the first; of columns by their tables and names."""
    if not _is_there(connection):
        return 0
    return sum(connection.scalar(_COUNT, _given(record, name, seal)) or 0 for record, name in columns)


def reseal_waiting(connection: Connection, columns: Sequence[tuple[str, str]], seal: Seal) -> int:
    """Seals them under the first key; how many there were. Raises DamagedValue, or OperationError without their key."""
    done = 0
    for record, name in columns if _is_there(connection) else ():
        given = _given(record, name, seal)
        while rows := connection.execute(_NEXT, given | {"most": _BATCH}).all():
            sealed = [
                seal.seal(bound, position, seal.open(bound, position, value))
                for plan, position, value in rows
                for bound in [waiting_name(plan)]
            ]
            plans, positions = [row.plan for row in rows], [row.position for row in rows]
            connection.execute(_WRITE, {"name": name, "plans": plans, "positions": positions, "texts": sealed})
            done += len(rows)
    return done


def _given(record: str, name: str, seal: Seal) -> dict[str, Any]:
    return {"record": record, "name": name, "head": f"{VERSION}.{seal.keys.seal[0].id}."}


def _is_there(connection: Connection) -> bool:
    """A database may be older than imports are."""
    return connection.scalar(text("SELECT to_regclass('import_row') IS NOT NULL")) or False
