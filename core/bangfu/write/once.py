"""Changes rows once for each key: the same request under it, sent again, is told what came of the first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RootTransaction

from bangfu.access import Policy
from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.errors import UserError
from bangfu.store.answered import note_outcome, take_key
from bangfu.store.sealed import given_seal
from bangfu.write.changing import Changes, carry_out
from bangfu.write.outcome import Action, Author, Code, Outcome, Rejection, Row

_LONGEST = 200
_COLUMN = "answered.asked"


@dataclass(frozen=True)
class Key:
    """A key that a client has made up, and all that it asks for under it, in one form for the same request."""

    text: str
    asked: str

    def __post_init__(self) -> None:
        if not (self.text.strip() and self.text.isprintable() and len(self.text) <= _LONGEST):
            told = f"this is no key. Accepted: 1 to {_LONGEST} printable characters."
            raise UserError(told, argument="idempotencyKey")


def change_once(
    connection: Connection,
    record: type[Dated],
    action: Action,
    rows: Sequence[Row],
    *,
    key: Key | None,
    author: Author,
    policy: Policy,
    today: date,
    dry: bool = False,
    partial: bool = False,
) -> Outcome:
    """Changes rows as `change` does; where the author has used the key before, what came of it then.

    Raises what `once` and `change` raise.
    """

    def work(transaction: RootTransaction) -> Outcome:
        changes = Changes(connection, author, policy, today)
        return carry_out(transaction, changes, record, action, rows, dry=dry, partial=partial)

    return once(connection, None if dry else key, author, work)


def once(
    connection: Connection, key: Key | None, author: Author, work: Callable[[RootTransaction], Outcome]
) -> Outcome:
    """What comes of some work in a transaction of its own; where the author has used the key before, what came then.

    A key is used up by a change that is committed: not by one that the work has rolled back, in a dry run or because it
    is rejected as a whole. Raises UserError where something else was asked for under the key.
    """
    with connection.begin() as transaction:
        if key is None:
            return work(transaction)
        asked = _digests(connection, key)
        # Before any district is held, so that two who wait for each other's key hold nothing else.
        answered = take_key(connection, author.name, key.text, asked[0])
        if answered is not None:
            before, told = answered
            if before not in asked:
                raise _reused()
            return _read(told)
        outcome = work(transaction)
        if transaction.is_active:
            note_outcome(connection, author.name, key.text, _written(outcome))
        return outcome


def _digests(connection: Connection, key: Key) -> list[bytes]:
    """What is kept of a request, first as it is kept now; under keys where there are any: a number that is sealed
    elsewhere could be found out from a plain digest by trying."""
    plain = sha256(key.asked.encode())
    seal = given_seal(connection)
    if seal is None:
        return [plain.digest()]
    now = seal.index(_COLUMN, plain.hexdigest())
    return [now, *seal.indexes(_COLUMN, plain.hexdigest())]


def _reused() -> UserError:
    return UserError(
        "this key was used for another request. Send each request under a key of its own, and only the same one again "
        "under the same key.",
        argument="idempotencyKey",
        code="IDEMPOTENCY_KEY_REUSED",
    )


def _written(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON."""
    rejections = [asdict(each) | {"code": each.code.value} for each in outcome.rejections]
    sets = {str(district): number for district, number in outcome.change_sets.items()}
    return {"ids": list(outcome.ids), "rejections": rejections, "written": outcome.written, "change_sets": sets}


def _read(told: Mapping[str, Any]) -> Outcome:
    rejections = [
        Rejection(**(each | {"code": Code(each["code"]), "message": Text(**each["message"])}))
        for each in told["rejections"]
    ]
    sets = {int(district): number for district, number in told["change_sets"].items()}
    return Outcome(ids=told["ids"], rejections=rejections, written=told["written"], change_sets=sets)
