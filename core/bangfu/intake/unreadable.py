"""A cell that cannot be read, and how its message repeats what stands in it."""

from decimal import Decimal

from bangfu.declare.fields import Field
from bangfu.declare.text import Text
from bangfu.errors import quoted
from bangfu.write.outcome import Code


class Unreadable(Exception):  # noqa: N818 - reads as what it says
    """Why a cell makes no value of its column: a stable code, words for people, and what was probably meant."""

    def __init__(self, code: Code, message: Text, suggestion: str | None = None) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.suggestion = suggestion


def shown(found: object, field: Field | None) -> Text:
    """What was found, as a message begins; nothing of a sensitive column, since messages are kept and sent on."""
    if field is not None and field.sensitive is not None:
        return Text("此處所填", "The value")
    if isinstance(found, int) and found.bit_length() > 1000:  # Python refuses to write some thousands of digits
        found = format(Decimal(found), ".3e")
    text = quoted(found)
    return Text(f"「{text[1:-1] if isinstance(found, str) else text}」", text)


def refusal(
    code: Code, found: object, field: Field | None, *, zh: str, en: str, suggestion: str | None = None
) -> Unreadable:
    """An error whose message begins with what was found: `zh` and `en` go on from there."""
    subject = shown(found, field)
    hint = suggestion if field is None or field.sensitive is None else None
    return Unreadable(code, Text(subject.zh + zh, f"{subject.en} {en}"), hint)
