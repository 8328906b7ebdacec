"""What a client would rather have, by the weights it gives."""

import pytest

from bangfu_app.http.negotiation import best_coding, best_type

JSON, GRAPHQL, HTML = "application/json", "application/graphql-response+json", "text/html"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (HTML, HTML),
        ("text/*", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{JSON};q=0, {GRAPHQL};q=0, */*;q=0.1", HTML),
        (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"*/*;q=1, {GRAPHQL};q=0.5", JSON),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};Q=0.6", GRAPHQL),
        (f"{JSON};q=much, {GRAPHQL};q=0.1", GRAPHQL),
        (f"{JSON};q=nan", None),
        (f"{JSON};q=7, {GRAPHQL}", JSON),
        (f"{JSON};q=0", None),
        ("image/*, application/xml", None),
        (", ,;q=1", None),
    ],
)
def test_the_best_type(accept: str, best: str | None) -> None:
    assert best_type(accept, (JSON, GRAPHQL, HTML)) == best


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("deflate", None),
        ("GZIP", "gzip"),
    ],
)
def test_the_best_coding(accept: str, best: str | None) -> None:
    assert best_coding(accept, ("br", "gzip")) == best
