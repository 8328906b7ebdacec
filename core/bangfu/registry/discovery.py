"""Finds the installed plugins, ours and other people's in the same way, and builds a platform of them."""

from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from bangfu.declare import plugin as surface
from bangfu.declare.plugin import ENTRY_POINTS, PROJECT, Plugin
from bangfu.domain import register
from bangfu.errors import DeclarationError, Problem
from bangfu.registry.checks import check
from bangfu.registry.platform import InstalledPlugin, Platform


def discover(disabled: Collection[str] = ()) -> Platform:
    """The platform of all installed plugins that are not switched off.

    Raises DeclarationError with every problem of every plugin; none is skipped in silence, since a sector that
    is missing looks like a sector without data.
    """
    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    problems: list[Problem] = []
    modules: list[tuple[str, ModuleType, str]] = [("register", register, _version(None))]
    branches: dict[str, Path] = {}
    for point in points:
        folder = _migrations(point.module)
        if folder is not None:
            branches[point.name] = folder
        if point.name in disabled:
            continue
        if any(name == point.name for name, _, _ in modules):
            problems.append(_taken(point))
            continue
        try:
            modules.append((point.name, import_module(point.module), _version(point)))
        except Exception as error:  # noqa: BLE001 - whatever a plugin's module does while it is imported
            problems.append(_broken(point.name, error))
    return _build(modules, branches, problems, disabled)


def assemble(plugins: Sequence[Plugin], *, branches: dict[str, Path] | None = None) -> Platform:
    """A platform of the given plugins and the register; for tests and for tools that bring their own."""
    problems = check([register.plugin, *plugins])
    if problems:
        raise DeclarationError(problems)
    installed = (register.plugin, *plugins)
    return Platform(
        plugins=tuple(InstalledPlugin(plugin=plugin, package="", version="") for plugin in installed),
        branches=branches or {},
    )


def _build(
    modules: Sequence[tuple[str, ModuleType, str]],
    branches: dict[str, Path],
    problems: list[Problem],
    disabled: Collection[str],
) -> Platform:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(surface)
    installed = []
    for name, module, version in modules:
        manager.register(module, name)
        hook = manager.subset_hook_caller("bangfu_plugin", [other for _, other, _ in modules if other is not module])
        found: list[Any] = hook()
        if len(found) != 1 or not isinstance(found[0], Plugin):
            problems.append(
                Problem(
                    plugin=name,
                    thing=f"module {module.__name__}",
                    found="declares no Plugin",
                    remedy="Return one from a function marked @hookimpl named bangfu_plugin.",
                )
            )
            continue
        if found[0].name != name:
            problems.append(
                Problem(
                    plugin=name,
                    thing="its entry point",
                    found=f"names plugin {found[0].name!r}",
                    remedy=f"Rename the entry point to {found[0].name!r}.",
                )
            )
        installed.append(
            InstalledPlugin(plugin=found[0], package=module.__name__, version=version, migrations=branches.get(name))
        )
    problems += check([each.plugin for each in installed], absent=tuple(disabled))
    if problems:
        raise DeclarationError(problems)
    return Platform(plugins=tuple(installed), branches=branches)


def _migrations(module: str) -> Path | None:
    """A plugin's folder of migrations, found without importing the plugin."""
    try:
        spec = find_spec(module)
    except ImportError:
        return None
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "migrations"
    return folder if folder.is_dir() else None


def _version(point: EntryPoint | None) -> str:
    if point is not None and point.dist is not None:
        return point.dist.version
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PROJECT)
    except PackageNotFoundError:
        return "0"


def _taken(point: EntryPoint) -> Problem:
    return Problem(
        plugin=point.name,
        thing=f"its entry point {point.value!r}",
        found="has the name of another installed plugin",
        remedy="Uninstall one of the two, or rename it.",
    )


def _broken(name: str, error: Exception) -> Problem:
    return Problem(
        plugin=name,
        thing="its module",
        found=f"cannot be imported ({type(error).__name__}: {error})",
        remedy=f"Mend or uninstall it, or switch it off with BANGFU_DISABLED={name}.",
    )
