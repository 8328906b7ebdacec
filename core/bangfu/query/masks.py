"""What is left of a sensitive value for those who may not read it: the rules of `shown_column`, for opened values."""

from bangfu.declare.fields import Sensitive

STARS = "****"
MASK = STARS * 3


def masked(text: str, rule: Sensitive) -> str | None:
    """What a rule leaves of a text."""
    match rule:
        case Sensitive.NAME:
            return f"{text[:1]}**"
        case Sensitive.ID_NUMBER:
            return f"{text[:6]}{MASK}"
        case Sensitive.PHONE:
            return f"{text[:3]}{STARS}{text[-4:]}"
        case Sensitive.BANK_CARD:
            return f"{MASK}{text[-4:]}"
        case Sensitive.HIDDEN:
            return None
