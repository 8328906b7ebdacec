"""Of which tables rows were changed since a moment, as it was last told."""

from collections import OrderedDict
from collections.abc import Collection

_MOST = 1_000


class ChangedSince:
    """A guess by what was found before: the log grows meanwhile, and whoever reads finds by itself what holds."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, dict[str, bool]] = OrderedDict()
        self._ever: dict[str, bool] = {}
        """What was found last of each table, for whatever moment."""

    def guess(self, moment: str, tables: Collection[str]) -> frozenset[str]:
        """Those of some tables that are taken to have changed since a moment."""
        found = self._found.get(moment, {})
        return frozenset(table for table in tables if found.get(table, self._ever.get(table, False)))

    def note(self, moment: str, tables: Collection[str], changed: Collection[str]) -> None:
        """Keeps which of some tables were found to have changed."""
        told = {table: table in changed for table in tables}
        self._ever |= told
        self._found[moment] = self._found.get(moment, {}) | told
        self._found.move_to_end(moment)
        if len(self._found) > _MOST:  # whoever asks decides of how many days
            self._found.popitem(last=False)
