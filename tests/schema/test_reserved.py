"""What a plugin may not be called: its fields would stand where the core has others of that name."""

import re

from bangfu.declare.plugin import Plugin
from bangfu.declare.text import Text
from bangfu.errors import DeclarationError
from bangfu.registry import assemble
from bangfu_schema import Graph

TITLE = Text("蜂", "Bees")


def is_refused(name: str) -> bool:
    try:
        assemble([Plugin(name=name, api="1.0", title=TITLE, department=TITLE)])
    except DeclarationError as error:
        return any("is a name of the core" in str(problem) for problem in error.problems)
    return False


def test_no_plugin_is_called_as_a_field_beside_which_its_own_come() -> None:
    """The core's own plugin, the register, shows where those of a plugin come."""
    types = Graph(assemble([])).schema._schema.type_map.values()
    beside = [fields for each in types if "register" in (fields := getattr(each, "fields", {}))]
    names = {re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name) for fields in beside for name in fields}
    assert {"members", "is_complete", "audit_log", "id_number", "and"} <= names
    assert {name for name in names if not is_refused(name)} == {"register"}, "which is there already"
    assert not is_refused("bees")
