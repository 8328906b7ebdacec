"""Sealed values as a viewer may see them: opened, then whole or masked."""

from dataclasses import dataclass

from bangfu.access import EVERYTHING, Policy
from bangfu.query.masks import masked
from bangfu.registry.nodes import Node
from bangfu.seal import Seal, no_key


def sealed_name(node: Node, column: str) -> str:
    """A sealed column as its values are bound to it: `person.id_number`."""
    return f"{node.table.name}.{column}"


@dataclass(frozen=True)
class Opening:
    """Opens what one request is shown."""

    seal: Seal | None
    policy: Policy = EVERYTHING

    def shown(self, node: Node, column: str, row: int, sealed: str) -> str | None:
        """The value in a sealed column of the row of an id.

        Raises DamagedValue where it was changed, and OperationError where its key is not there.
        """
        if self.seal is None:
            raise no_key()
        text = self.seal.open(sealed_name(node, column), row, sealed)
        rule = node.sealed[column].sensitive
        return text if rule is None or self.policy.reads_personal else masked(text, rule)
