"""A row of the graph on its way through graphql-core."""

from collections.abc import Mapping
from typing import Any

from bangfu.registry import Node


class Row:
    """One row of a node: its columns as attributes, for hand-written fields, and by name."""

    __slots__ = ("key", "node", "values")

    def __init__(self, node: Node, values: Mapping[str, Any]) -> None:
        self.node = node
        self.values = values
        self.key: int = values[node.key]

    def __getattr__(self, name: str) -> Any:  # columns are known by the record, not by this class
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(f"{self.node.name} has no column {name!r}") from None
