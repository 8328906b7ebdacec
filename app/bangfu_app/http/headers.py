"""The headers that tell a browser to be careful with an answer; they stand on every one."""

from collections.abc import Iterable, Sequence

Header = tuple[bytes, bytes]

# An answer of the graph is nothing to frame, to sniff, to embed or to keep; the page says for itself what it needs.
_CAREFUL: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def careful(hsts: int = 0) -> tuple[Header, ...]:
    """The headers for every answer; with `hsts`, browsers are told to use https only, for so many seconds."""
    if not hsts:
        return _CAREFUL
    return (*_CAREFUL, (b"strict-transport-security", b"max-age=%d; includeSubDomains" % hsts))


def completed(given: Iterable[Header], careful_: Sequence[Header], *more: Header) -> list[Header]:
    """An answer's own headers, then those it does not have."""
    headers = list(given)
    known = {name for name, _ in headers}
    headers += [each for each in careful_ if each[0] not in known]
    headers += more
    return headers
