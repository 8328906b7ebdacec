"""`bangfu audit`: what was changed, and whether the log of it holds."""

import json
from datetime import date

import pytest
from sqlalchemy import text
from tests.app.command import Bangfu
from tests.store.test_chained import read
from tests.write.clerk import HOME, Clerk, planting

from bangfu.domain.households import Person, Relation, Sex
from bangfu.store import Database
from bangfu.store.reads import note_read
from bangfu.write.outcome import Action
from bangfu_industry.records import Planting


@pytest.fixture
def changed(demo_copy: Database) -> Database:
    clerk = Clerk(demo_copy)
    (id_,) = clerk.create(Planting, planting()).ids
    clerk.change(Planting, Action.UPDATE, [{"id": id_, "version": 1, "crop": "梨"}])
    born = {
        "household_id": HOME,
        "name": "試",
        "sex": Sex.MALE,
        "relation": Relation.CHILD,
        "joined_on": date(2015, 2, 1),
    }
    clerk.create(Person, born | {"id_number": "620502198001010019"})
    return demo_copy


def test_a_chain_that_holds_and_one_that_does_not(bangfu: Bangfu, changed: Database) -> None:
    fine = bangfu("audit", "verify", database=changed)
    assert (fine.exit_code, "3 entries 條  holds" in fine.stdout) == (0, True)
    with changed.engine.begin() as connection:
        connection.execute(text("GRANT UPDATE ON change TO CURRENT_USER"))
        connection.execute(text("UPDATE change SET after = jsonb_set(after, '{crop}', '\"x\"') WHERE number = 2"))
    broken = bangfu("audit", "verify", "--json", database=changed)
    assert broken.exit_code == 1
    (chain,) = json.loads(broken.stdout)
    assert chain["log"] == "changes"
    assert chain["breaks"] == [{"entry": 2, "what": "a row of it was changed"}]
    assert (
        "entry 2: a row of it was changed" in bangfu("audit", "verify", "--district", "620502", database=changed).stdout
    )
    assert json.loads(bangfu("audit", "verify", "--district", "620503", "--json", database=changed).stdout) == []


def test_reads_are_verified_too(bangfu: Bangfu, demo_copy: Database) -> None:
    with demo_copy.engine.begin() as connection:
        for district in (620502, 620502, 0):
            note_read(connection, read(district))
    fine = bangfu("audit", "verify", database=demo_copy)
    assert (fine.exit_code, "reads 查看  620502  2 entries 條  holds" in fine.stdout) == (0, True)
    with demo_copy.engine.begin() as connection:
        connection.execute(text("GRANT DELETE ON read_log TO CURRENT_USER"))
        connection.execute(text("DELETE FROM read_log WHERE number = 1 AND district_code = 620502"))
    broken = bangfu("audit", "verify", "--district", "620502", "--json", database=demo_copy)
    assert broken.exit_code == 1
    (chain,) = json.loads(broken.stdout)
    assert (chain["log"], chain["district"]) == ("reads", 620502)
    assert chain["breaks"][0] == {"entry": 2, "what": "an entry before this one is missing"}


def test_the_log_tells_who_changed_what(bangfu: Bangfu, changed: Database) -> None:
    person, update, creation = json.loads(bangfu("audit", "log", "--json", database=changed).stdout)
    assert (update["author"], update["action"], update["entry"]) == ("王主任", "update", 2)
    assert update["values"] == {"crop": {"before": "蘋果", "after": "梨"}}
    assert creation["values"]["area"] == {"before": None, "after": "2.5"}
    assert (person["values"]["idNumber"], person["values"]["name"]) == ("personal", "personal")
    assert person["values"]["sex"] == {"before": None, "after": "MALE"}
    assert "idNumberIndex" not in person["values"]
    one = bangfu("audit", "log", "--row", creation["row"], "--author", "王主任", "-n", "1", database=changed)
    assert "crop: 蘋果 → 梨" in one.stdout
    assert "There are more" in one.stderr
    assert json.loads(bangfu("audit", "log", "--author", "nobody", "--json", database=changed).stdout) == []
    wrong = bangfu("audit", "log", "--row", "planting:1", database=changed)
    assert (wrong.exit_code, "--row" in wrong.stderr) == (2, True)
