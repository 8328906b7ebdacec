"""Reads values of closed lists, and yes or no."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from bangfu.declare.choice import Choice
from bangfu.declare.fields import Field
from bangfu.intake.texts import Reader, text_of
from bangfu.intake.unreadable import Unreadable, refusal
from bangfu.intake.words import folded
from bangfu.write.outcome import Code

_YES = ("是", "有", "對", "√", "✓", "✔", "yes", "y", "true", "t", "1")
_NO = ("否", "無", "无", "沒有", "不是", "×", "✗", "✘", "no", "n", "false", "f", "0")
_FLAGS = dict.fromkeys(map(folded, _YES), True) | dict.fromkeys(map(folded, _NO), False)

_COMPARED = 100
"""Characters of a word for which a near one is looked for; it takes long for long ones."""

_LISTED = 8
"""How many values a message lists."""


def flag_reader(field: Field | None) -> Reader:
    """Reads yes or no."""

    def written(raw: str) -> bool | None:
        word = folded(raw)
        if not word:
            return None
        found = _FLAGS.get(word)
        if found is None:
            raise no_flag(raw)
        return found

    def no_flag(raw: object) -> Unreadable:
        return refusal(
            Code.UNREADABLE,
            raw,
            field,
            zh="不是「是」或「否」。可用：是/否、有/無、√/×、1/0、yes/no。",
            en="is neither yes nor no. Accepted: yes/no, true/false, 1/0, 是/否, 有/無, √/×.",
        )

    def read(raw: Any) -> bool | None:
        if type(raw) is str:
            return written(raw)
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, int | float) and raw in (0, 1):
            return raw == 1
        raise no_flag(raw)

    return read


def choice_reader(values: type[Choice], field: Field | None) -> Reader:
    """Reads a value of a closed list: by its name or by its title in either language."""
    words = dict(_words(values))
    known = {word: each for word, (_, each) in words.items()}

    def written(raw: str) -> Choice | None:
        word = folded(raw)
        if not word:
            return None
        found = known.get(word)
        if found is None:
            raise unknown(raw, word)
        return found

    def unknown(raw: object, word: str) -> Unreadable:
        hint = near(word, {each: written for each, (written, _) in words.items()})
        titles = [each.title for each in values][:_LISTED]
        more = len(values) - len(titles)
        zh = "、".join(title.zh for title in titles) + (f"等 {len(values)} 項" if more else "")
        en = ", ".join(title.en for title in titles) + (f" and {more} more" if more else "")
        return refusal(
            Code.UNKNOWN_VALUE,
            raw,
            field,
            zh=f"不在可選值之內。可用：{zh}。" + (f"是否「{hint}」？" if hint and _is_told(field) else ""),
            en=f"is not in the list. Accepted: {en}."
            + (f" Did you mean {hint!r}?" if hint and _is_told(field) else ""),
            suggestion=hint,
        )

    def read(raw: Any) -> Choice | None:
        if type(raw) is str:
            return written(raw)
        if raw is None:
            return None
        if isinstance(raw, values):
            return raw
        if isinstance(raw, bool):
            raise unknown(raw, "")
        return written(text_of(raw, field))

    return read


def near(word: str, known: dict[str, str]) -> str | None:
    """The nearest of known words, as it is written: `known` has them by their folded form."""
    close = get_close_matches(word, known, n=1) if len(word) <= _COMPARED else []
    return known[close[0]] if close else None


def _words(values: type[Choice]) -> Iterator[tuple[str, tuple[str, Choice]]]:
    """What a value may be called, and how that is written; where two would answer, the name goes before a title."""
    for each in values:
        yield folded(each.title.en), (each.title.en, each)
    for each in values:
        yield folded(each.title.zh), (each.title.zh, each)
    for each in values:
        yield folded(each.name), (each.name, each)


def _is_told(field: Field | None) -> bool:
    return field is None or field.sensitive is None
