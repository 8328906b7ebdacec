"""Settings come from the environment, and a wrong one is named."""

from pathlib import Path

import pytest

from bangfu.errors import OperationError
from bangfu.store import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "DATABASE_URL", "DISABLED", "POOL_SIZE"):
        monkeypatch.delenv(f"BANGFU_{name}", raising=False)


def test_defaults_suit_a_laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load()
    assert settings.home == tmp_path / ".bangfu"
    assert settings.database_url is None
    assert settings.disabled == ()


def test_names_of_plugins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANGFU_DISABLED", "industry, funding,")
    assert Settings.load().disabled == ("industry", "funding")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANGFU_DATABASE_URL", "")
    monkeypatch.setenv("BANGFU_DISABLED", "")
    assert Settings.load().database_url is None
    assert Settings.load().disabled == ()


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANGFU_POOL_SIZE", "many")
    with pytest.raises(OperationError, match="BANGFU_POOL_SIZE: .*integer") as caught:
        Settings.load()
    assert caught.value.code == "BAD_SETTING"


def test_a_time_zone_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().time_zone == "Asia/Shanghai"
    monkeypatch.setenv("BANGFU_TIME_ZONE", "Asia/Urumqi")
    assert Settings.load().time_zone == "Asia/Urumqi"
    for wrong in ("Asia/Nowhere", "+08:00'; --", "../etc"):
        monkeypatch.setenv("BANGFU_TIME_ZONE", wrong)
        with pytest.raises(OperationError, match="BANGFU_TIME_ZONE: .*no time zone"):
            Settings.load()


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://me:secret@host/db"))
