"""A row of the graph on its way through graphql-core."""

from collections.abc import Mapping
from typing import Any

from bangfu.query.opened import Opening
from bangfu.registry import Node


class Row:
    """One row of a node: its columns as attributes, for hand-written fields, and by name.

    A sealed one is opened when somebody asks for it: most rows are shown without.
    """

    __slots__ = ("_opening", "_values", "key", "node")

    def __init__(self, node: Node, values: Mapping[str, Any], opening: Opening) -> None:
        self.node = node
        self._values = values
        self._opening = opening
        self.key: int = values[node.key]

    def value(self, name: str) -> Any:  # of whichever type the column is
        """The value of a column, as the viewer may see it."""
        value = self._values[name]
        if value is None or name not in self.node.sealed:
            return value
        return self._opening.shown(self.node, name, self.key, value)

    def __getattr__(self, name: str) -> Any:  # columns are known by the record, not by this class
        try:
            return self.value(name)
        except KeyError:
            raise AttributeError(f"{self.node.name} has no column {name!r}") from None
