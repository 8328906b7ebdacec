"""Which permissions there are, and which one a node's rows need: all of it follows from the declarations."""

from collections.abc import Mapping

from bangfu.declare.records import Dated
from bangfu.declare.text import Text
from bangfu.domain.about import thing_of
from bangfu.domain.households import Household, Person
from bangfu.registry import Node, Platform, Required

PERSONAL = "personal:read"
"""To read names, ID numbers and the like in full, to filter and to order by them."""
SQL = "sql:read"
"""To see the statements of one's own requests, and their plans."""
AUDIT = "audit:read"
"""To see who has read and changed what."""

_OF_THE_CORE = {
    PERSONAL: Text("查看個人敏感信息", "Read personal data in full"),
    SQL: Text("查看查詢語句", "See the SQL of one's own requests"),
    AUDIT: Text("查看審計記錄", "See who has read and changed what"),
}


def permissions(platform: Platform) -> Mapping[str, Text]:
    """All permissions with their titles: each plugin's to read and to write, those it declares, those of the core."""
    found: dict[str, Text] = {}
    for plugin in (installed.plugin for installed in platform.plugins):
        found[reading(plugin.name)] = Text(f"查看{plugin.title.zh}", f"Read the records of {plugin.title.en}")
        found[writing(plugin.name)] = Text(f"填報{plugin.title.zh}", f"Change the records of {plugin.title.en}")
        found |= {f"{plugin.name}:{each.action}": each.title for each in plugin.permissions}
    return found | _OF_THE_CORE


def reading(plugin: str) -> str:
    """What it takes to read a plugin's records."""
    return f"{plugin}:read"


def writing(plugin: str) -> str:
    """What it takes to change a plugin's records."""
    return f"{plugin}:write"


def needed_to_change(record: type[Dated]) -> str:
    """What it takes to change rows of a record; those of the core belong to the register."""
    return writing(record.__plugin__ or "register")


def needed_for(node: Node) -> str | None:
    """The permission that a node's rows need; None for what is open to every viewer: places, lineage and targets."""
    return None if is_open(node.record) else needed_to_count(node.record)


def needed_to_ask(required: Required) -> frozenset[str]:
    """What it takes to be told whether a requirement is met: to read whatever it looks at, and its plugin's records."""
    own = thing_of(required.requirement.of)
    found = {needed_to_count(each) for each in (own, *required.looks_into) if not is_open(each)}
    return frozenset({reading(required.plugin.name), *found, *((PERSONAL,) if required.is_sensitive else ())})


def is_open(record: type[Dated]) -> bool:
    """Whether the rows of a record are shown to every viewer: those of places, their lineage and targets."""
    return not record.__plugin__ and record not in (Household, Person)


def needed_to_count(record: type[Dated]) -> str:
    """The permission that the rows of a household, a person or a plugin's record need."""
    return reading("register" if record in (Household, Person) else record.__plugin__)
