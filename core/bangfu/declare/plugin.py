"""What a plugin is: one value that says all it brings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from bangfu.declare.measures import AnyMeasure, Indicator
from bangfu.declare.procedures import Procedure
from bangfu.declare.records import Dated, Record
from bangfu.declare.requirements import Requirement
from bangfu.declare.text import Text
from bangfu.declare.units import Unit

if TYPE_CHECKING:
    from bangfu.declare.demo import DemoDistrict, Rows

API_VERSIONS = ("1.0",)
"""The versions of the plugin surface that this core speaks."""

PROJECT = "bangfu"
ENTRY_POINTS = "bangfu.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True)
class Permission:
    """Something of a plugin that not everybody may do, besides reading and writing its records (權限)."""

    action: str
    """One word; the permission is `<plugin>:<action>`."""
    title: Text


@dataclass(frozen=True, kw_only=True, eq=False)
class PythonFields:
    """Hand-written Strawberry fields for a record or core type, for what a declaration cannot say.

    `fields` is a plain class whose methods are decorated with `strawberry.field`; `self` is a row with the
    record's columns as attributes, sensitive ones as the viewer may see them. On a core type they stand in the plugin's
    namespace. They are for those who may read the plugin's records.
    """

    on: type[Dated]
    fields: type[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plugin:
    """A sector or programme: all that it declares, under one name everywhere."""

    name: str
    api: str
    title: Text
    department: Text
    records: tuple[type[Record], ...] = ()
    measures: tuple[AnyMeasure, ...] = ()
    progress: tuple[Indicator, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    units: tuple[Unit, ...] = ()
    needs: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    python_fields: tuple[PythonFields, ...] = ()
    demo: "Callable[[DemoDistrict], Iterable[Rows]] | None" = None


@hookspec
def bangfu_plugin() -> Plugin:  # type: ignore[empty-body]  # a pluggy hook specification has no body
    """Says what the plugin is; called once at start."""
