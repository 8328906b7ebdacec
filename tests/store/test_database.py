"""A database says what is wrong with it, and recovers by itself."""

import pytest
from sqlalchemy import text

from bangfu.errors import OperationError
from bangfu.store import Database, DatabaseUnavailable, Settings, open_database
from bangfu.store import database as module

NOWHERE = "postgresql://me:secret@127.0.0.1:1/nothing"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_usual_schemes_are_understood(scheme: str) -> None:
    assert Database(f"{scheme}://me@host/db").url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["", "host", "mysql://host/db", "sqlite://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(OperationError, match=r"BANGFU_DATABASE_URL .*postgresql://user"):
        Database(url)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Database(NOWHERE))


def test_an_absent_database_is_one_kind_of_error() -> None:
    database = Database(NOWHERE)
    with pytest.raises(DatabaseUnavailable, match="Connection refused") as caught:
        database.check()
    assert "secret" not in caught.value.message
    assert not database.ready()


@pytest.mark.anyio
async def test_an_absent_database_is_the_same_when_awaited() -> None:
    database = Database(NOWHERE)
    assert not await database.is_ready()
    with pytest.raises(DatabaseUnavailable):
        async with database.async_engine.connect():
            raise AssertionError("connected to nothing")
    await database.aclose()


def test_ready(empty_database: Database) -> None:
    assert empty_database.ready()


@pytest.mark.anyio
async def test_ready_when_awaited(empty_database: Database) -> None:
    assert await empty_database.is_ready()
    await empty_database.aclose()


def test_a_lost_connection_is_the_same_kind_of_error_and_is_replaced(empty_database: Database) -> None:
    with empty_database.engine.connect() as killer, empty_database.engine.connect() as connection:
        me = connection.execute(text("select pg_backend_pid()")).scalar_one()
        killer.execute(text("select pg_terminate_backend(:me)"), {"me": me})
        with pytest.raises(DatabaseUnavailable):
            connection.execute(text("select 1"))
    assert empty_database.ready()


def test_a_mistake_in_sql_is_no_outage(empty_database: Database) -> None:
    with empty_database.engine.connect() as connection, pytest.raises(Exception, match="nothing") as caught:
        connection.execute(text("select * from nothing"))
    assert not isinstance(caught.value, DatabaseUnavailable)


def test_an_old_server_is_refused(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_OLDEST", 99)
    with pytest.raises(OperationError, match="needs PostgreSQL 99 or newer") as caught:
        empty_database.check()
    assert caught.value.code == "DATABASE_TOO_OLD"
    assert not empty_database.ready()


def test_sessions_are_in_utc(empty_database: Database) -> None:
    for _ in range(2):  # also when a connection is used again
        with empty_database.engine.connect() as connection:
            assert connection.execute(text("show timezone")).scalar_one() == "UTC"
            assert connection.execute(text("show jit")).scalar_one() == "off"


def test_a_given_url_starts_no_server(empty_database: Database) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    with open_database(Settings(database_url=url)) as database:
        assert database.ready()
