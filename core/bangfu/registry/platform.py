"""One platform: the plugins that are installed, and the graph they make together."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import MetaData

from bangfu.declare.plugin import Plugin
from bangfu.declare.records import Dated
from bangfu.declare.units import UNITS, Unit
from bangfu.domain.households import Household, Person
from bangfu.domain.places import Place, Succession
from bangfu.domain.targets import Target
from bangfu.registry.graph import Graph

CORE_RECORDS: tuple[type[Dated], ...] = (Place, Succession, Household, Person, Target)


@dataclass(frozen=True, kw_only=True, eq=False)
class InstalledPlugin:
    """A plugin and where it came from; `migrations` is None where the core's own branch has its tables."""

    plugin: Plugin
    package: str
    version: str
    migrations: Path | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Platform:
    """All that is known at start; passed explicitly, so that two can live in one process."""

    plugins: tuple[InstalledPlugin, ...]
    branches: dict[str, Path] = field(default_factory=dict)
    """Folders of migrations by plugin, those of plugins that are switched off included: their data stays."""

    @cached_property
    def graph(self) -> Graph:
        """The nodes and links that the declarations make."""
        return Graph([installed.plugin for installed in self.plugins])

    @cached_property
    def units(self) -> dict[str, Unit]:
        """All units by name."""
        own = (unit for installed in self.plugins for unit in installed.plugin.units)
        return {unit.name: unit for unit in (*UNITS, *own)}

    def metadata(self) -> MetaData:
        """All tables in one metadata, as a database should have them."""
        whole = MetaData()
        for record in (*CORE_RECORDS, *(row for each in self.plugins for row in each.plugin.records)):
            table = record.__table__
            assert hasattr(table, "to_metadata")
            table.to_metadata(whole)
        return whole
