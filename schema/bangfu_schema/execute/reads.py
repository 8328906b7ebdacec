"""Gathers what one request reads of personal data, so that it is logged before the answer leaves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

import orjson

from bangfu.access import Viewer
from bangfu.declare.codes import district_of, official_code, parse_code
from bangfu.errors import UserError
from bangfu.query.given import Arguments
from bangfu.store.reads import NO_DISTRICT, Read
from bangfu_schema.compile.personal import Found, Personal
from bangfu_schema.execute.encoding import Written

_PLACES = ("within", "code", "place")
_ID = re.compile(r"[A-Za-z]+:[1-9][0-9]{5,14}")
_DISTRICT_DIGITS = 6


class Reads:
    """The fields of the root that were asked for personal data, by their keys in the answer."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Personal, Sequence[Arguments]]] = {}

    def note(self, key: str, personal: Personal | None, arguments: Sequence[Arguments]) -> None:
        """Notes a field that is read now, if it has personal data; read again, it is the same field."""
        if personal is not None:
            self._asked[key] = personal, arguments

    def read(
        self, response: Mapping[str, Any], viewer: Viewer, document: str, operation: str | None, request_id: str | None
    ) -> Read | None:
        """What the finished response has shown, and what it was found by; None where nothing personal was read."""
        if not self._asked:
            return None
        data, found = response.get("data") or {}, Found()
        filtered: set[str] = set()
        ordered: set[str] = set()
        for key, (personal, _) in self._asked.items():
            filtered |= personal.filtered
            ordered |= personal.ordered
            personal.look(_plain(data.get(key)), found)
        if not (found.fields or filtered or ordered):
            return None
        places, districts = self._named()
        return Read(
            district_code=districts.pop() if len(districts) == 1 else NO_DISTRICT,
            request_id=request_id,
            viewer=viewer.name,
            token_id=viewer.token_id,
            operation=operation,
            document=sha256(document.encode(errors="surrogatepass")).hexdigest(),
            places=tuple(places),
            shown=tuple(found.fields),
            filtered=tuple(filtered),
            ordered=tuple(ordered),
            counts=found.counts(),
            succeeded="errors" not in response,
        )

    def _named(self) -> tuple[set[str], set[int]]:
        """The places that arguments name, and the districts of these and of the rows that are asked for by id."""
        places: set[str] = set()
        districts: set[int] = set()
        for _, arguments in self._asked.values():
            for each in (text for name, text in _texts(arguments) if name in _PLACES):
                with suppress(UserError):  # what names no place has been refused elsewhere
                    code = parse_code(each)
                    places.add(official_code(code))
                    districts.add(district_of(code))
            for _, each in _texts(arguments):
                if _ID.fullmatch(each):  # which a procedure calls as it likes
                    # An id ends in a place's code, or in a number that begins with the district's.
                    districts.add(int(each.partition(":")[2][:_DISTRICT_DIGITS]))
        return places, districts


def _texts(arguments: Sequence[Arguments]) -> Iterator[tuple[str, str]]:
    """All texts that are given, with the names under which they are."""
    for given in arguments:
        for each in (given, *given.get("rows", ())):  # which a mutation is given
            for name, value in each.items():
                texts = value if isinstance(value, list) else [value]
                yield from ((name, text) for text in texts if isinstance(text, str))


def _plain(value: Any) -> Any:
    return orjson.loads(value.json) if isinstance(value, Written) else value
