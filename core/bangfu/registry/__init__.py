"""Finds, orders, checks and switches off plugins; builds the graph of their declarations."""

from bangfu.registry.discovery import assemble, discover
from bangfu.registry.graph import Graph
from bangfu.registry.nodes import Attribute, Kind, Link, MeasureField, Namespace, Node, ProcedureField, Required
from bangfu.registry.platform import InstalledPlugin, Platform
from bangfu.registry.required import measures_of

__all__ = [
    "Attribute",
    "Graph",
    "InstalledPlugin",
    "Kind",
    "Link",
    "MeasureField",
    "Namespace",
    "Node",
    "Platform",
    "ProcedureField",
    "Required",
    "assemble",
    "discover",
    "measures_of",
]
