"""Sealed values come back out of the log under today's keys, and stay bound to their rows; without their key they do
not."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from tests.seal.registry import CARDS, DISTRICT, FIRST, Account, Asked, platform
from tests.seal.test_resealing import BOTH, NEW, NEW_INDEX, keys_of, noted

from bangfu.access import EVERYTHING
from bangfu.errors import OperationError
from bangfu.seal import Keys, Seal
from bangfu.store import Database
from bangfu.write.changing import change
from bangfu.write.outcome import Action, Author, Outcome
from bangfu.write.resealing import reseal
from bangfu.write.undoing import undo_once
from bangfu.write.undone import Undone
from bangfu_schema.execute.undoing import nodes_entered, records_of

BEFORE, AFTER = CARDS[0], "6222021234567899999"
HOW: dict[str, Any] = {"author": Author(name="王主任"), "policy": EVERYTHING, "today": date(2015, 12, 31)}


class Clerk:
    """Changes accounts, and takes that back, under some keys."""

    def __init__(self, own: Asked, seal: Seal | None) -> None:
        self.database = Database(own.database.url.render_as_string(hide_password=False), seal=seal)

    def change(self, action: Action, *others: dict[str, Any], **given: Any) -> int:
        with self.database.engine.connect() as connection:
            done = change(connection, Account, action, [{"id": FIRST, **given}, *others], **HOW)
        return _entry(done)

    def undo(self, number: int) -> Undone:
        records = records_of(nodes_entered(platform().graph))
        with self.database.engine.connect() as connection:
            return undo_once(connection, records, DISTRICT, number, **HOW)

    def row(self) -> Any:
        with self.database.engine.connect() as connection:
            return connection.execute(text("SELECT * FROM paying_account WHERE id = :id"), {"id": FIRST}).one()


@pytest.fixture
def clerks(own: Asked) -> Iterator[list[Clerk]]:
    """One under the keys from before, one after they were changed, one who no longer has the old ones, one without."""
    seals = (own.database.seal, BOTH, Seal(Keys((NEW,), (NEW_INDEX,))), None)
    made = [Clerk(own, seal) for seal in seals]
    yield made
    for each in made:
        each.database.dispose()


def _entry(done: Outcome) -> int:
    assert list(done.rejections) == []
    return done.change_sets[DISTRICT]


def opened(clerk: Clerk, seal: Seal) -> str:
    row = clerk.row()
    clear = seal.open("paying_account.card", FIRST, row.card)
    assert bytes(row.card_index) in seal.indexes("paying_account.card", clear)
    return clear


def test_under_the_same_keys_the_very_value_comes_back(clerks: list[Clerk]) -> None:
    clerk = clerks[0]
    before = clerk.row()
    number = clerk.change(Action.UPDATE, version=1, card=AFTER)
    assert clerk.row().card != before.card
    done = clerk.undo(number)
    assert done.refused == ()
    assert clerk.row()._asdict() == before._asdict() | {"version": 3}


@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
def test_a_value_from_before_comes_back_under_the_new_keys(clerks: list[Clerk], action: Action) -> None:
    old, both, new, _ = clerks
    given = {"card": AFTER, "phone": None} if action is Action.UPDATE else {}
    number = old.change(action, version=1, **given)
    reseal(both.database.engine)
    assert noted(both.database) == [NEW_INDEX.id, NEW.id]
    assert both.undo(number).refused == ()
    assert opened(new, Seal(Keys((NEW,), (NEW_INDEX,)))) == BEFORE
    assert keys_of(new.database).keys() == {NEW.id}
    assert new.row().phone is not None
    assert new.row().version == (3 if action is Action.UPDATE else 2)


def test_what_an_entry_left_alone_stays_as_it_was_sealed_since(clerks: list[Clerk]) -> None:
    """Else it would come back under a key that is thrown away."""
    old, both, new, _ = clerks
    other = {"id": FIRST + 1, "version": 1, "card": AFTER}
    number = old.change(Action.UPDATE, other, version=1, source="村委會")
    reseal(both.database.engine)
    card = both.row().card
    assert both.undo(number).refused == ()
    assert (new.row().card, new.row().source) == (card, "test")
    assert opened(new, Seal(Keys((NEW,), (NEW_INDEX,)))) == BEFORE


def test_a_value_whose_key_is_gone_is_told(clerks: list[Clerk]) -> None:
    old, both, new, none = clerks
    number = old.change(Action.UPDATE, version=1, card=AFTER)
    reseal(both.database.engine)
    done = new.undo(number)
    assert [(each.row_id, each.column, each.code.value) for each in done.refused] == [(FIRST, "card", "CHECK_FAILED")]
    assert opened(new, BOTH) == AFTER
    with pytest.raises(OperationError, match="keys"):
        none.undo(number)
