"""What comes of a line when it is held against the register, and what a person may decide on it."""

from bangfu.declare.choice import Choice


class State(Choice):
    """What came of a line."""

    MATCHED = "已匹配", "Matched"
    """One person is meant."""
    AMBIGUOUS = "多人同名", "Ambiguous"
    """Several people of that place have the name."""
    NOT_FOUND = "未找到", "Not found"
    CONTRADICTION = "矛盾", "Contradiction"
    """One person is meant, of whom the register says something else than the line does."""


class Note(Choice):
    """What is to be known of a line besides its state."""

    LEFT = "已離戶", "Has left"
    """Who is meant has left the household.

    That alone is no contradiction: on a list of the dead it is what the list says, on one of the salaried it is not.
    Only a person can tell.
    """
    NAME_DIFFERS = "姓名不符", "Another name"
    """The number is that of somebody with another name."""
    SAME_NAME = "同名者另列", "Others of that name"
    """The number is nobody's, and in that place there are people of that name."""


class Verdict(Choice):
    """What a person decides on a line, with a reason."""

    CONFIRMED = "屬實", "Confirmed"
    REFUTED = "不屬實", "Refuted"
    UNCLEAR = "待核", "Unclear"
