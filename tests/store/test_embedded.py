"""The embedded server starts, is shared, recovers, and says what is missing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bangfu.errors import OperationError
from bangfu.store import EmbeddedServer, Settings, open_database, programs
from bangfu.store.programs import Account, Programs

pytestmark = pytest.mark.skipif("BANGFU_DATABASE_URL" in os.environ, reason="another server is given")


def _postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def _runs(process: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(told.stdout.strip()) and not told.stdout.strip().startswith("Z")


def test_data_outlives_the_server(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path, durable=False)
    with server, psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select 7 as seven")
    with server, psycopg.connect(server.url()) as connection:
        assert connection.execute("select seven from kept").fetchone() == (7,)


def test_the_last_one_stops_it(tmp_path: Path) -> None:
    first, second = EmbeddedServer(tmp_path, durable=False), EmbeddedServer(tmp_path)
    first.start()
    second.start()
    process = _postmaster(tmp_path)
    first.stop()
    assert _runs(process)
    psycopg.connect(second.url()).close()
    second.stop()
    assert not _runs(process)


def test_processes_share_it(tmp_path: Path) -> None:
    script = """if True:
        import sys, psycopg
        from pathlib import Path
        from bangfu.store import EmbeddedServer
        with EmbeddedServer(Path(sys.argv[1]), durable=False) as server:
            with psycopg.connect(server.url()) as connection:
                connection.execute("create table if not exists visit (who int)")
                connection.execute("insert into visit values (1)")
    """
    command = [sys.executable, "-c", script, str(tmp_path)]
    with EmbeddedServer(tmp_path, durable=False) as server:
        psycopg.connect(server.url(), autocommit=True).execute("create table visit (who int)").connection.close()
        process = _postmaster(tmp_path)
        for running in [subprocess.Popen(command) for _ in range(3)]:
            assert running.wait(60) == 0
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("select count(*) from visit").fetchone() == (3,)
    assert not _runs(process)


def test_an_interrupted_first_start_is_begun_anew(tmp_path: Path) -> None:
    halfway = tmp_path / "postgres" / "new-abc"
    halfway.mkdir(parents=True)
    (halfway / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(tmp_path, durable=False) as server:
        psycopg.connect(server.url()).close()
    assert not halfway.exists()


def test_a_killed_server_recovers(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    with server:
        with psycopg.connect(server.url()) as connection:
            connection.execute("create table kept as select 7 as seven")
        os.kill(_postmaster(tmp_path), signal.SIGKILL)
    with server, psycopg.connect(server.url()) as connection:
        assert connection.execute("select seven from kept").fetchone() == (7,)


def test_a_process_number_that_is_someone_elses_now_is_no_server(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path, durable=False)
    with server:
        written = (tmp_path / "postgres" / "data" / "postmaster.pid").read_text()
    ours = written.replace(written.split()[0], str(os.getpid()), 1)
    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(ours)
    with server:
        psycopg.connect(server.url()).close()


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    home = tmp_path / ("long " * 20) / "it's,long"
    with EmbeddedServer(home, durable=False) as server:
        sockets = Path(server._address()[0])
        assert sockets != home / "postgres" / "data"
        psycopg.connect(server.url()).close()
    assert not sockets.exists()


def test_without_sockets_it_asks_for_a_password(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path, durable=False, tcp=True) as server:
        psycopg.connect(server.url()).close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url(), password="guessed")


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(OperationError, match=r"PostgreSQL 16; the embedded one is 18\. Move it away"):
        EmbeddedServer(tmp_path).start()


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path, durable=False)
    with server:
        pass
    (tmp_path / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(OperationError, match="could not find the database system") as caught:
        server.start()
    assert caught.value.code == "EMBEDDED_FAILED"


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationError, match="file"):
        EmbeddedServer(tmp_path / "file").start()


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _name: None)
    with (
        pytest.raises(OperationError, match=r"pip install 'bangfu\[embedded\]'") as caught,
        open_database(Settings(home=tmp_path)),
    ):
        pass
    assert caught.value.code == "EMBEDDED_MISSING"


def test_a_folder_of_a_user_makes_that_user_run_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if tmp_path.stat().st_uid != 0:
        account = Account.for_folder(tmp_path / "later")
        assert account is not None
        assert account.uid == tmp_path.stat().st_uid
        return
    nobody = programs._entry("nobody")
    assert nobody is not None
    assert Account.for_folder(tmp_path / "later") == nobody
    nobody.give(tmp_path)
    assert Account.for_folder(tmp_path / "later") == nobody


def test_an_account_is_let_through_and_no_further(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = Account(uid=54321, gid=54321)
    stranger.let_through(closed / "inside")
    assert closed.stat().st_mode & 0o777 == 0o701
    assert str(closed) in caplog.text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another")
def test_an_ordinary_user_needs_nobody_else(tmp_path: Path) -> None:
    nobody = programs._entry("nobody")
    assert nobody is not None
    nobody.let_through(tmp_path / "home")
    nobody.give(tmp_path)
    Programs.find(nobody)
    if not all(nobody.may_enter(folder) for folder in Path(sys.executable).resolve().parents):
        pytest.skip("this Python is root's alone")
    script = (
        "import sys, os, pathlib\nfrom bangfu.store import *\nassert os.geteuid() != 0\n"
        "with open_database(Settings(home=pathlib.Path(sys.argv[1]))) as database: assert database.ready()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "home")],
        user=nobody.uid,
        group=nobody.gid,
        extra_groups=(),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
