"""Type annotations made while the program runs, which a type checker cannot read."""

from types import GenericAlias
from typing import Any


def listed(type_: Any) -> Any:  # any Strawberry annotation
    """A list of `type_`."""
    return GenericAlias(list, (type_,))
