"""A change that is sent again under its key is made once, and told again."""

from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text
from tests.write.clerk import BASE, HOME, TODAY, Clerk, planting, said

from bangfu.access import EVERYTHING
from bangfu.domain.households import Person
from bangfu.errors import UserError
from bangfu.store import Database
from bangfu.store.answered import KNOWN_FOR, take_key
from bangfu.write.once import Key, change_once
from bangfu.write.outcome import Action, Author, Outcome
from bangfu_industry.records import Planting

AUTHOR = Author(name="王主任")


@pytest.fixture
def clerk(demo_copy: Database) -> Clerk:
    return Clerk(demo_copy)


def once(
    clerk: Clerk,
    key: str,
    *rows: dict[str, Any],
    author: Author = AUTHOR,
    dry: bool = False,
    partial: bool = False,
) -> Outcome:
    with clerk.database.engine.connect() as connection:
        return change_once(
            connection,
            Planting,
            Action.CREATE,
            rows,
            key=Key(key, repr(rows)),
            author=author,
            policy=EVERYTHING,
            today=TODAY,
            dry=dry,
            partial=partial,
        )


def test_what_is_sent_again_is_told_again_and_not_made_again(clerk: Clerk) -> None:
    rows = planting(), planting(crop="梨", area=Decimal("1.50"))
    first = once(clerk, "a", *rows)
    entries = len(clerk.log())
    assert once(clerk, "a", *rows) == first
    assert len(clerk.log()) == entries == 2
    assert once(clerk, "b", *rows).ids != first.ids, "another key is another change"
    assert once(clerk, "a", *rows, author=Author(name="小李")).ids != first.ids, "everybody has keys of his own"


def test_what_was_rejected_of_it_is_told_again_too(clerk: Clerk) -> None:
    rows = planting(), planting(crop=None), planting(area=Decimal(-1))
    first = once(clerk, "part", *rows, partial=True)
    assert said(first) == [(1, "crop", "MISSING"), (2, "area", "OUT_OF_RANGE")]
    again = once(clerk, "part", *rows, partial=True)
    assert again == first
    assert again.rejections[0].message.zh == "缺少作物。"


def test_something_else_under_the_same_key_is_refused(clerk: Clerk) -> None:
    once(clerk, "other", planting())
    with pytest.raises(UserError) as caught:
        once(clerk, "other", planting(crop="梨"))
    assert (caught.value.code, caught.value.argument) == ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")


def test_a_key_is_used_up_only_by_what_is_written(clerk: Clerk) -> None:
    before = len(clerk.log())
    assert once(clerk, "free", planting(), dry=True).written == 0
    assert said(once(clerk, "free", planting(crop=None))) == [(0, "crop", "MISSING")]
    assert once(clerk, "free", planting()).written == 1
    assert len(clerk.log()) == before + 1


def test_a_key_is_forgotten_after_a_month(clerk: Clerk) -> None:
    for key in ("old", "recent"):
        once(clerk, key, planting(crop=key))
    with clerk.database.engine.begin() as connection:
        for key, days in (("old", KNOWN_FOR + 1), ("recent", KNOWN_FOR - 1)):
            aged = text("UPDATE answered SET at = now() - make_interval(days => :days) WHERE key = :key")
            connection.execute(aged, {"key": key, "days": days})
    once(clerk, "another", planting())
    assert once(clerk, "old", planting(crop="anew")).written == 1
    with pytest.raises(UserError, match="another request"):
        once(clerk, "recent", planting(crop="anew"))


@pytest.mark.parametrize("key", ["", "  ", "x" * 201, "a\nb", "a\x00", "\ud800"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(UserError, match="idempotencyKey"):
        Key(key, "asked")


def test_two_at_once_make_one_change(clerk: Clerk) -> None:
    """The second waits for the first, and is told what came of it."""
    before = len(clerk.log())
    row = planting()
    with ThreadPoolExecutor(2) as pool, clerk.database.engine.connect() as holding:
        with holding.begin():
            # Whoever comes now under this key has to wait for what becomes of it.
            assert take_key(holding, AUTHOR.name, "both", b"x") is None
            both = [pool.submit(once, clerk, "both", row) for _ in range(2)]
            done, _ = wait(both, timeout=0.5)
            assert not done
            holding.execute(text("DELETE FROM answered WHERE key = 'both'"))
        first, second = (each.result(timeout=30) for each in both)
    assert first == second
    assert first.written == 1
    assert len(clerk.log()) == before + 1


def test_what_is_kept_of_a_request_tells_nothing_of_it(clerk: Clerk) -> None:
    """A number that is sealed elsewhere could be found from a plain digest by trying all there are."""
    person = {"id": BASE + 1, "version": 1, "id_number": "620502198001010019"}
    with clerk.database.engine.connect() as connection:
        change_once(
            *(connection, Person, Action.UPDATE, [person]),
            key=Key("sealed", "620502198001010019"),
            author=AUTHOR,
            policy=EVERYTHING,
            today=TODAY,
        )
        kept = connection.execute(text("SELECT asked FROM answered WHERE key = 'sealed'")).scalar_one()
    plain = sha256(b"620502198001010019")
    seal = clerk.database.seal
    assert seal is not None
    assert kept == seal.index("answered.asked", plain.hexdigest())
    assert kept not in (plain.digest(), plain.digest()[: len(kept)])


def test_its_own_statement_is_the_same_however_many_rows(clerk: Clerk) -> None:
    once(clerk, "warm", planting())
    counts = []
    for number in (1, 500):
        with clerk.counted() as statements:
            once(clerk, f"many {number}", *[planting(household_id=HOME)] * number)
        counts.append(len(statements))
    assert counts[0] == counts[1]
