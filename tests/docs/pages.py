"""The pages of the documentation and the fenced blocks in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HOUSE = Path(__file__).parent.parent.parent
PAGES = (HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(?P<info>\S.*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, the marks behind it (`error=BAD_USER_INPUT`), its text, the block after it."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str] = field(default_factory=dict)
    answer: "Block | None" = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in these languages, of all pages."""
    return [block for page in PAGES for block in read(page) if block.language in languages]


def read(page: Path) -> list[Block]:
    """The blocks of one page; a block that follows at once, with nothing between, is the answer of the one before."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    after: tuple[int, Block] | None = None
    for match in reversed(list(_FENCE.finditer(text))):
        language, *marks = match["info"].split()
        follows = after is not None and not text[match.end() : after[0]].strip()
        block = Block(
            page=page.relative_to(HOUSE).as_posix(),
            line=text.count("\n", 0, match.start()) + 1,
            language=language,
            text=match["text"],
            marks=dict(mark.split("=", 1) for mark in marks),
            answer=after[1] if after is not None and follows else None,
        )
        found.insert(0, block)
        after = match.start(), block
    return found


def prose(page: Path) -> str:
    """What a page says outside of its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Where a page's links lead to, as they are written."""
    yield from re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
