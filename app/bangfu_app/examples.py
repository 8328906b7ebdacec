"""The example documents and the report's figures: one set of files, in a checkout and in an installed wheel."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bangfu.errors import OperationError

SHOWN = ("cross_sector", "village", "targets")
"""The queries shown to a newcomer, the most telling one first."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A GraphQL document with its title in both languages, which are the first two lines of the file."""

    name: str
    title: str
    title_zh: str
    document: str
    path: Path


def example(name: str) -> Example:
    """The example of that name."""
    lines = text_of(f"{name}.graphql").splitlines()
    titles = [line.removeprefix("#").strip() for line in lines[:2]]
    document = "\n".join(line for line in lines if not line.startswith("#")).strip()
    return Example(
        name=name, title=titles[0], title_zh=titles[1], document=document, path=_folder() / f"{name}.graphql"
    )


def text_of(file: str) -> str:
    """The text of one of the files."""
    return (_folder() / file).read_text(encoding="utf-8")


@cache
def _folder() -> Path:
    here = Path(__file__).parent
    # A wheel carries the folder inside the package; a checkout has it at the top, where people look for it.
    for folder in (here / "example_files", here.parent.parent / "examples"):
        if (folder / "figures.csv").is_file():
            return folder
    raise OperationError("The example files are not installed.", remedy="Install bangfu again.")
