"""What the schema tells of itself: always the same, and dear, since it is found in Python field by field."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import FieldNode, OperationDefinitionNode

from bangfu_schema.execute.documents import Document
from bangfu_schema.execute.encoding import Written

_MOST = 8  # an answer may have megabytes, and tools send the same few documents

Key = tuple[Document, str | None]


class Itself:
    """The answers to operations that ask for nothing but the schema, by document and operation."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, dict[str, Written]] = OrderedDict()

    def find(self, document: Document, operation: str | None) -> dict[str, Written] | None:
        """The data that was told before."""
        told = self._kept.get((document, operation))
        if told is not None:
            self._kept.move_to_end((document, operation))
        return told

    def note(
        self, document: Document, name: str | None, operation: OperationDefinitionNode, data: Mapping[str, Any]
    ) -> None:
        """Keeps what was told, if it would be told to everybody."""
        fields = operation.selection_set.selections
        if operation.variable_definitions or not all(_is_of_the_schema(each) for each in fields):
            return
        self._kept[(document, name)] = {key: Written(orjson.dumps(value)) for key, value in data.items()}
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _is_of_the_schema(selection: Any) -> bool:  # any kind of selection
    return isinstance(selection, FieldNode) and selection.name.value.startswith("__")
