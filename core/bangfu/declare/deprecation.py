"""What of a declaration is on its way out: what takes its place, and when it may be gone."""

from dataclasses import dataclass
from datetime import date

from bangfu.declare.text import Text


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Tells front-end teams that a column or a measure goes (棄用); their tools show it to whoever still uses it."""

    reason: Text
    """What to use in its place."""

    since: date
    gone_on: date
    """The first day on which a version may be without it."""

    @property
    def told(self) -> str:
        """The reason with both days, as the schema tells it."""
        return f"{self.reason.zh} {self.reason.en} Deprecated since {self.since}; may be gone from {self.gone_on}."
