"""The shape of arguments: all of them that a statement's text depends on, and none that is a mere value."""

from collections.abc import Hashable, Mapping
from enum import Enum
from typing import Any

from bangfu.access import Policy
from bangfu.query.page import FEW, cursor_shape

_STRUCTURAL = frozenset({"orderBy", "isNull"})
_PLACES = frozenset({"within", "code", "place"})
_VALUE = "value"


def shape_of(arguments: Mapping[str, Any], policy: Policy) -> Hashable:
    """Equal for two sets of arguments for which the same statement can be run, under policies of the same shape."""
    return tuple((name, _shape(name, value, policy)) for name, value in sorted(arguments.items()))


def _shape(name: str, value: Any, policy: Policy) -> Hashable:
    if value is None:
        return None
    if name in _STRUCTURAL:
        return _whole(value)
    if name == "first":
        return bool(value <= FEW)
    if name in _PLACES and isinstance(value, str):
        return policy.shape_of_place(value)
    if name == "after":
        return cursor_shape(value)
    if name == "id" and isinstance(value, str):
        return value.partition(":")[0]  # which type of row is asked for
    if isinstance(value, Mapping):
        return shape_of(value, policy)
    if isinstance(value, list) and name != "in":
        return tuple(_shape("", each, policy) for each in value)
    return _VALUE


def _whole(value: Any) -> Hashable:
    """A value of which the statement depends on all."""
    if isinstance(value, Mapping):
        return tuple((name, _whole(each)) for name, each in sorted(value.items()))
    if isinstance(value, list):
        return tuple(_whole(each) for each in value)
    whole: Hashable = value.name if isinstance(value, Enum) else value
    return whole
