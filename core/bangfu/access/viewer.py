"""Who asks: a name, roles, the places and the permissions that a token gives."""

from dataclasses import dataclass
from functools import cached_property

from bangfu.declare.codes import code_range


@dataclass(frozen=True)
class Viewer:
    """A person or a program that has shown who it is (訪問者)."""

    name: str
    roles: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    """15-digit codes of the places whose rows may be seen, each with all inside it; none where `is_everywhere`."""

    is_everywhere: bool = False
    """Whether the rows of all places may be seen."""

    permissions: frozenset[str] = frozenset()
    """What may be done, as `industry:read`."""

    token_id: str | None = None
    """By which id the token is known to whoever issued it."""

    subject: str | None = None
    """Whom the token was issued to, as its issuer tells people apart: the same in the next token."""

    @property
    def key(self) -> str:
        """By which what is somebody's own is kept for them.

        Names are shared (there is a 王偉 in every township), and the id of a signed token is another every few minutes:
        neither would do where the subject is known. Only of an issuer who tells nothing but names they are the key.
        """
        return f"name:{self.name}" if self.subject is None else self.subject

    @cached_property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The first and the last code of each place that lies in no other one, in order."""
        found: list[tuple[int, int]] = []
        for first, last in sorted(map(code_range, self.places), key=lambda ends: (ends[0], -ends[1])):
            if not found or found[-1][1] < first:
                found.append((first, last))
        return tuple(found)

    def covers(self, code: int) -> bool:
        """Whether a place lies in one of the viewer's own, or is one."""
        first, last = code_range(code)
        return self.is_everywhere or any(low <= first and last <= high for low, high in self.ranges)
