"""Why something that is entered is not taken: a code for programs, and words for people."""

from enum import Enum

from bangfu.declare.text import Text


class Code(Enum):
    """Why something is not taken; stable, for programs."""

    MISSING = "MISSING"
    """A value that has to be given is not."""
    UNREADABLE = "UNREADABLE"
    """Cannot be read as a value of the column's kind."""
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    """Is not in the column's closed list."""
    TOO_LONG = "TOO_LONG"
    TOO_PRECISE = "TOO_PRECISE"
    """Has more decimals than the column keeps."""
    OUT_OF_RANGE = "OUT_OF_RANGE"
    BAD_ID_NUMBER = "BAD_ID_NUMBER"
    UNKNOWN_PLACE = "UNKNOWN_PLACE"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    """Is a place that is no more, or not yet there."""
    WRONG_LEVEL = "WRONG_LEVEL"
    """Is a place of another level than the record is kept at."""
    UNKNOWN_HOUSEHOLD = "UNKNOWN_HOUSEHOLD"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"
    AMBIGUOUS = "AMBIGUOUS"
    """Several places, or people, answer to the name."""
    NOT_FOUND = "NOT_FOUND"
    """There is no row of that id, or it is none of those that may be changed."""
    STALE = "STALE"
    """Somebody has changed the row since it was read."""
    DUPLICATE = "DUPLICATE"
    """Another row has the same values, of which there may be one."""
    IN_USE = "IN_USE"
    """Other rows are about this one."""
    CHECK_FAILED = "CHECK_FAILED"
    """A rule that is declared with the record does not hold."""
    FORBIDDEN = "FORBIDDEN"


class Refusal(Exception):  # noqa: N818 - reads as what it says
    """That a procedure cannot be carried out as it is asked for; `argument` is the one that has to change, if one has.

    The text is shown to whoever asked: keep out of it what that one may not see, as a name or an ID number.
    """

    def __init__(self, argument: str | None, code: Code, text: Text) -> None:
        super().__init__(text.en)
        self.argument = argument
        self.code = code
        self.text = text
