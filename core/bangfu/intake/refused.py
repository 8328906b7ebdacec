"""Files that are not read at all."""

from bangfu.declare.text import Text
from bangfu.errors import UserError


class Refused(UserError):  # noqa: N818 - reads as what it says
    """Why a file is not read: `code` is stable and stands in `docs/errors.md`, `text` says it in both languages."""

    def __init__(self, text: Text, *, code: str) -> None:
        super().__init__(text.en, code=code)
        self.text = text
