"""Logs from before their chains, and from before reorganisations, hold after the migrations."""

from sqlalchemy import text
from tests.store.test_chained import read

from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.store.audit import verify
from bangfu.store.chained import verify_reads
from bangfu.store.reads import note_read
from bangfu_migrations import downgrade, make_ready

HERE, THERE = 620502, 620503
OLD_READ = """INSERT INTO read_log (
    district_code, viewer, document, places, shown, filtered, ordered, counts, succeeded)
    SELECT 620502 + n % 2, '王主任', 'd', ARRAY['620502'], ARRAY['Person.name'], '{}', '{}', '{"Person": 3}', true
    FROM generate_series(1, 7) n"""
OLD_CHANGE = """INSERT INTO change VALUES (620502, 1, 1, 'household', 620502000000001, 'create', NULL, '{"id": 1}')"""

OLD_ENTRY = """WITH told AS (
        SELECT sha256(sha256(convert_to(
            jsonb_build_array(position, record, row_id, action, before, after)::text, 'UTF8')))
            AS digest FROM change
    ), entry AS (
        SELECT digest, sha256(convert_to(jsonb_build_array(620502, 1, '2015-06-30T00:00:00.000000', 'x', NULL, NULL,
            NULL, 1, encode(digest, 'hex'))::text, 'UTF8')) AS hash FROM told
    ), made AS (
        INSERT INTO change_set
        SELECT 620502, 1, '2015-06-30T00:00:00Z', 'x', NULL, NULL, NULL, 1, digest, hash FROM entry
    )
    INSERT INTO change_head SELECT 620502, 1, hash FROM entry"""
"""How an entry was made then; its hash has to hold for ever."""


def test_what_was_logged_before_the_chain_of_reads_holds(platform: Platform, empty_database: Database) -> None:
    make_ready(empty_database.engine, platform)
    downgrade(empty_database.engine, platform.branches, "core", "core_0008")
    with empty_database.engine.begin() as connection:
        connection.execute(text(OLD_READ))
        connection.execute(text(OLD_CHANGE))
        connection.execute(text(OLD_ENTRY))
    make_ready(empty_database.engine, platform)
    with empty_database.engine.begin() as connection:
        for district in (HERE, THERE):
            note_read(connection, read(district))
    with empty_database.engine.connect() as connection:
        assert [(each.district_code, each.entries, each.breaks) for each in verify_reads(connection)] == [
            (HERE, 4, ()),
            (THERE, 5, ()),
        ]
        assert [(each.district_code, each.entries, each.breaks) for each in verify(connection)] == [(HERE, 1, ())]
