"""Makes a comparison: each line of a department's list, with what comes of it, waits in a queue for a verdict."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path

import orjson
from sqlalchemy import Connection, Engine

from bangfu.bulk.planning import Told
from bangfu.bulk.trying import Refusal
from bangfu.compare.lines import USUAL, Columns, Line, read_lines
from bangfu.compare.matching import Match, Register
from bangfu.compare.states import State
from bangfu.declare.codes import district_of
from bangfu.errors import UserError
from bangfu.intake.limits import LIMITS, FileLimits
from bangfu.seal import Seal
from bangfu.store.comparisons import (
    StoredComparison,
    add_comparison,
    add_items,
    drop_comparison,
    find_comparison,
    has_verdicts,
    hold_comparison,
    new_ids,
)
from bangfu.store.sealed import note_keys, seal_of

SAID = "comparison_item.said"
"""The column for which what a department says is sealed."""

_CHUNK = 2_000


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """What is to be compared, by whom, and with the register of which place."""

    path: Path
    kind: str
    """What the list is of, in a department's words: 車輛, 死亡."""

    author: str
    within: int
    """The place in which names of places are looked up, in 15 digits; numbers are looked up in all of its district."""

    today: date
    """The day of the books, on which places go by their names."""

    columns: Columns = USUAL
    sheet: str | None = None
    limits: FileLimits = LIMITS

    def id(self) -> str:
        """By which it is known: the same file, of the same kind and read in the same way, makes the same comparison."""
        columns = self.columns
        asked = (self.kind, self.within, self.sheet, columns.number, columns.name, columns.place)
        digest = sha256(orjson.dumps(asked))
        with self.path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()[:16]


def load_comparison(
    engine: Engine, asked: Comparing, refuse: Callable[[Refusal], None], *, on_lines: Told = lambda _: None
) -> StoredComparison:
    """Holds a list against the register and keeps what comes of each line; nothing in the register is changed.

    Each line that cannot be read is told to `refuse`. The same list is held against the register anew, which may have
    changed, until a verdict was given on a line of it: from then on the comparison is given as it stands. It is there
    as a whole or not at all. Raises UserError for a file that is not read or a kind that is blank, and OperationError
    where there are no keys.
    """
    if not asked.kind.strip():
        raise UserError("Say what the list is of, as 車輛 or 死亡. 請填寫類別", argument="kind")
    id_, district = asked.id(), district_of(asked.within)
    with engine.begin() as connection:
        hold_comparison(connection, id_)
        known = find_comparison(connection, id_)
        if known is not None and has_verdicts(connection, district, id_):
            return known
        seal = seal_of(connection)
        note_keys(connection, seal)
        drop_comparison(connection, district, id_)
        register = Register(connection, asked.within, seal, asked.today)
        counts: Counter[State] = Counter()
        read = rejected = 0
        for chunk in _chunks(read_lines(asked.path, asked.columns, sheet=asked.sheet, limits=asked.limits)):
            lines = [each for each in chunk if isinstance(each, Line)]
            matches, refused = register.match(lines)
            refused += [refusal for each in chunk if isinstance(each, list) for refusal in each]
            _keep(connection, district, id_, seal, matches)
            counts.update(match.state for match in matches)
            rejected += len(chunk) - len(matches)
            read += len(chunk)
            for refusal in sorted(refused, key=lambda each: each.line):
                refuse(refusal)
            on_lines(read)
        add_comparison(
            connection,
            {
                "id": id_,
                "place_code": asked.within,
                "kind": asked.kind,
                "file": asked.path.name,
                "author": asked.author,
                "matched": counts[State.MATCHED],
                "ambiguous": counts[State.AMBIGUOUS],
                "not_found": counts[State.NOT_FOUND],
                "contradictions": counts[State.CONTRADICTION],
                "rejected": rejected,
            },
        )
        made = find_comparison(connection, id_)
    assert made is not None, "it was made above"
    return made


def _keep(connection: Connection, district: int, id_: str, seal: Seal, matches: Sequence[Match]) -> None:
    ids = new_ids(connection, len(matches))
    rows = []
    for item, match in zip(ids, matches, strict=True):
        said = orjson.dumps(match.line.said).decode()
        rows.append(
            {
                "district_code": district,
                "id": item,
                "comparison": id_,
                "line": match.line.line,
                "state": match.state.name,
                "notes": [note.name for note in match.notes],
                "person_id": None if match.person is None else match.person.id,
                "candidates": [each.id for each in match.candidates],
                "said": seal.seal(SAID, item, said),
                "said_index": seal.index(SAID, said),
            }
        )
    add_items(connection, rows)


def _chunks(lines: Iterator[Line | list[Refusal]]) -> Iterator[list[Line | list[Refusal]]]:
    while chunk := list(islice(lines, _CHUNK)):
        yield chunk
