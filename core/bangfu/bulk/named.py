"""What rows of a file are, by the name that people give it."""

from collections.abc import Mapping

from bangfu.declare.records import Dated, snake
from bangfu.domain.places import Place, Succession
from bangfu.errors import UserError, nearest, quoted
from bangfu.registry import Node, Platform


def importable(platform: Platform) -> Mapping[str, Node]:
    """The types whose rows come from files, by name: a plugin's by both names, those of the core by their own."""
    known = {}
    for node in platform.graph.nodes.values():
        if node.record not in (Place, Succession):
            own = snake(node.record.__name__)
            known[own if node.plugin is None else f"{node.plugin.name}.{own}"] = node
    return known


def record_named(platform: Platform, name: str) -> type[Dated]:
    """The record that is called so; raises UserError where there is none."""
    known = importable(platform)
    if name not in known:
        message = f"{quoted(name)} is no record.{nearest(name, list(known))} Known: {', '.join(sorted(known))}."
        raise UserError(message, argument="record")
    return known[name].record
