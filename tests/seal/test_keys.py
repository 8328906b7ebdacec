"""Keys are read as they are written down, and a file of them is its owner's alone."""

import json
import stat
import threading
from base64 import b64encode
from pathlib import Path

import pytest

from bangfu.errors import OperationError
from bangfu.seal import Keys, add_key, keys_file, parse_keys, read_keys
from bangfu.seal.keyfile import new_id
from bangfu.store.sealed import seal_of_file

ONE, TWO, THREE = (b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))


def ids(keys: Keys) -> tuple[list[str], list[str]]:
    return [key.id for key in keys.seal], [key.id for key in keys.index]


@pytest.mark.parametrize(
    "text",
    [
        f"b:{TWO}\na:{ONE}\nindex:{THREE}\n",
        f"b:{TWO},a:{ONE},index:{THREE}",
        f"# two, of which b seals\n\n index:{THREE} \r\nb:{TWO}\n  a:{ONE}",
        json.dumps({"b": TWO, "index": THREE, "a": ONE}),
    ],
)
def test_lines_and_json_say_the_same(text: str) -> None:
    found = parse_keys(text, "here")
    assert ids(found) == (["b", "a"], ["index"])
    assert found.seal[0].secret == b"\2" * 32
    assert ids(parse_keys(found.lines, "again")) == ids(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no key is there that seals"),
        (f"a:{ONE}", "no key is there by which values are looked up"),
        (f"index:{ONE}", "no key is there that seals"),
        (f"a:{ONE}\nb:secret", "line 2"),
        (f"a:{ONE[:-8]}=", "line 1"),
        (f"a b:{ONE}", "line 1"),
        (f"a.b:{ONE}", "line 1"),
        (f"{'a' * 33}:{ONE}", "line 1"),
        (f"a:{ONE}\na:{TWO}\nindex:{THREE}", "'a' is there twice"),
        (f"a:{ONE}\nindex:{ONE}", "'index' is there twice, or under two ids"),
        ('{"a": 1}', "no JSON object of texts"),
        ('{"a": ', "no JSON object of texts"),
        ('{"a": "secret"}', "entry 1"),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str, told: str) -> None:
    with pytest.raises(OperationError, match=told) as caught:
        parse_keys(text, "here")
    assert caught.value.code == "BAD_SEAL_KEYS"
    assert "here" in str(caught.value)
    assert ONE not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_is_begun_once_and_is_its_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "seal.keys"
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(keys_file(path))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(made) == [False] * 7 + [True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [len(each) for each in ids(read_keys(path))] == [1, 1]
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_key_comes_first_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "seal.keys"
    first = add_key(path)
    second, third = add_key(path), add_key(path)
    index = add_key(path, index=True)
    found = read_keys(path)
    assert [key.id for key in found.seal] == [third.id, second.id, first.id]
    assert len({key.id for key in found.all}) == 5
    assert found.index[0] == index
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_id_is_none_of_those_there_are() -> None:
    day = new_id()
    assert new_id([day]) == f"{day}-2"
    assert new_id([day, f"{day}-2"]) == f"{day}-3"
    assert new_id([day], index=True) == f"index-{day}"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="cannot be read") as caught:
        read_keys(tmp_path / "none")
    assert caught.value.code == "BAD_SEAL_KEYS"


def test_a_server_takes_over_what_was_added_and_keeps_what_it_has_when_the_file_breaks(tmp_path: Path) -> None:
    path = tmp_path / "seal.keys"
    keys_file(path)
    running = seal_of_file(path)
    old = running.seal("a.b", 1, "x")
    add_key(path)
    new = seal_of_file(path).seal("a.b", 1, "x")
    assert running.open("a.b", 1, new) == "x"
    path.write_text("nonsense")
    assert len(running.indexes("a.b", "x")) == 1
    assert running.open("a.b", 1, old) == "x"
    path.unlink()
    assert len(running.indexes("a.b", "x")) == 1
