"""Reads JSON lines: an object on each line, whose keys are the headers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from bangfu.declare.text import Text
from bangfu.intake.limits import FileLimits
from bangfu.intake.refused import Refused
from bangfu.intake.table import ABSENT, Cells, Table, check_columns
from bangfu.intake.unreadable import Unreadable
from bangfu.write.outcome import Code

_LONGEST = 1 << 20
"""Bytes of a line."""

_BOM = b"\xef\xbb\xbf"


def open_json_lines(path: Path, limits: FileLimits) -> Table:
    """A file of JSON lines as a table; its headers are all keys of all lines, in the order in which they come.

    It is read twice, for that. Raises Refused where no line is an object.
    """
    keys: dict[str, None] = {}
    for _, found in _objects(path):
        if isinstance(found, dict) and not found.keys() <= keys.keys():
            keys |= dict.fromkeys(found)
            check_columns(len(keys), limits)
    if not keys:
        raise Refused(
            Text(
                "此文件沒有一行是 JSON 對象。每行應為一個對象，不分行、不加方括號。",
                "No line of the file is a JSON object. Each has to be one, on a line of its own, and without brackets "
                "around them all.",
            ),
            code="FILE_NOT_A_TABLE",
        )
    return Table(headers=list(keys), rows=_rows(path, list(keys)), has_gaps=True)


def _rows(path: Path, keys: list[str]) -> Iterator[tuple[int, Cells | Unreadable]]:
    for line, found in _objects(path):
        if not isinstance(found, dict):
            yield line, found
        elif len(found) == len(keys):
            yield line, list(map(found.__getitem__, keys))
        else:
            cells = [found.get(key, ABSENT) for key in keys]
            yield line, cells


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Each line that is not blank, as an object, or as why it is none."""
    with path.open("rb") as file:
        number = 0
        while text := file.readline(_LONGEST):
            number += 1
            if number == 1:
                text = text.removeprefix(_BOM)
            if len(text) == _LONGEST and not text.endswith(b"\n"):
                _skip_line(file)
                yield number, _broken("過長", "is too long")
                continue
            try:
                found = orjson.loads(text)
            except orjson.JSONDecodeError:
                if text.strip():
                    yield number, _broken("不是完整的 JSON", "is no complete JSON")
                continue
            if isinstance(found, dict):
                yield number, found
            else:
                yield number, _broken("不是 JSON 對象", "is no JSON object")


def _skip_line(file: Any) -> None:
    while (more := file.readline(_LONGEST)) and not more.endswith(b"\n"):
        pass


def _broken(zh: str, en: str) -> Unreadable:
    """Of the line nothing is repeated: it may have names and numbers of people in it."""
    return Unreadable(
        Code.UNREADABLE,
        Text(f"此行{zh}。每行應為一個 JSON 對象。", f"The line {en}. Accepted: one JSON object on each line."),
    )
