"""The branches of an installation: a chain of revisions for the core and each plugin, checked before they are run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from bangfu.errors import DeclarationError, Problem

CORE = "core"
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, eq=False)
class Branch:
    """One chain of revisions, the first one first."""

    name: str
    revisions: tuple[Script, ...]

    @property
    def head(self) -> str | None:
        """The newest revision, or none where nothing is stored."""
        return self.revisions[-1].revision if self.revisions else None

    @property
    def ids(self) -> tuple[str, ...]:
        """The revisions' names, the first one first."""
        return tuple(revision.revision for revision in self.revisions)


def load_branches(folders: Mapping[str, Path]) -> tuple[Branch, ...]:
    """Read the core's branch and each plugin's; the core comes first, since every other builds on it.

    A folder named `core` is read in place of our own.
    """
    core = _HERE / "versions"
    ordered = {CORE: folders.get(CORE, core)} | {name: folders[name] for name in sorted(folders) if name != CORE}
    branches: list[Branch] = []
    problems: list[Problem] = []
    for name, folder in ordered.items():
        known = branches[0].ids if branches else ()
        revisions = _read(name, folder, problems)
        problems += _problems(name, revisions, known)
        branches.append(Branch(name=name, revisions=tuple(revisions)))
    if problems:
        raise DeclarationError(problems)
    return tuple(branches)


def dependencies(revision: Script) -> tuple[str, ...]:
    """The core's revisions that a revision says it builds on."""
    named = revision.dependencies
    if named is None:
        return ()
    return (named,) if isinstance(named, str) else tuple(named)


def _read(name: str, folder: Path, problems: list[Problem]) -> list[Script]:
    """One folder's revisions in order. Each is read by itself: a mistake in one plugin names that plugin."""
    if not folder.is_dir():
        return []
    directory = ScriptDirectory(_HERE, version_locations=[folder])
    try:
        found = list(directory._load_revisions())
    except (CommandError, RevisionError, ImportError, SyntaxError) as error:
        problems.append(_problem(name, folder.name, f"it cannot be read ({error})", "Mend that file."))
        return []
    following: dict[str | None, list[Script]] = {}
    for script in found:
        before = script.down_revision
        if before is not None and not isinstance(before, str):
            problems.append(_problem(name, script.revision, "it merges revisions", "A branch is one chain."))
            return []
        following.setdefault(before, []).append(script)
    chain: list[Script] = []
    while scripts := following.pop(chain[-1].revision if chain else None, []):
        if len(scripts) > 1:
            both = " and ".join(sorted(script.revision for script in scripts))
            after = f"both follow {chain[-1].revision}" if chain else "both begin the branch"
            problems.append(_problem(name, both, after, "A branch is one chain: let one follow the other."))
            return []
        chain += scripts
    problems += [
        _problem(name, script.revision, f"it follows {before}, which is not in this branch", "Name one that is.")
        for before, scripts in following.items()
        for script in scripts
    ]
    return chain


def _problems(name: str, revisions: Sequence[Script], core: Sequence[str]) -> Iterator[Problem]:
    for revision in revisions:
        if not revision.revision.startswith(f"{name}_"):
            yield _problem(name, revision.revision, "its name has another prefix", f"Call it {name}_0001 or the like.")
        for named in dependencies(revision):
            if named not in core:
                yield _problem(
                    name,
                    revision.revision,
                    f"it depends on {named}, which is no revision of the core",
                    "A branch may build on the core's revisions only.",
                )
    if revisions and name not in _labels(revisions[0]):
        yield _problem(
            name, revisions[0].revision, "it does not name its branch", f"Write branch_labels = ({name!r},) in it."
        )


def _labels(revision: Script) -> tuple[str, ...]:
    labels = getattr(revision.module, "branch_labels", None)
    if labels is None:
        return ()
    return (labels,) if isinstance(labels, str) else tuple(labels)


def _problem(plugin: str, thing: str, found: str, remedy: str) -> Problem:
    return Problem(plugin=plugin, thing=f"revision {thing}", found=found, remedy=remedy)
