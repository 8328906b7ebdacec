"""How names are spelled (拼音), for search and for an order that is the same on every database."""

from collections.abc import Iterable

from pypinyin import lazy_pinyin


def pinyin(names: Iterable[str]) -> list[str]:
    """Each name in pinyin, in one word, without tones: `shijiayacun`, as people type it in a search box."""
    return ["".join(lazy_pinyin(name)) for name in names]
