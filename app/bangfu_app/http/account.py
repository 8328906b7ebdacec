"""What is known of one request when it has been answered; the log and the metrics are told nothing else."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from starlette.requests import Request

from bangfu_schema import Observed


@dataclass(slots=True)
class Account:
    """One request. It has no variables, no text of a document, and nothing of an answer but its size."""

    id: str
    method: str
    path: str
    status: int = 0
    """0 where nothing was sent."""
    codes: list[str] = field(default_factory=list)
    """Those of its errors, each once."""
    viewer: str | None = None
    """The name of who asked."""
    document: str | None = None
    """The beginning of its SHA-256, by which a document is found again."""
    observed: Observed | None = None
    """What the graph tells of it; nothing where the graph was not asked."""
    size: int = 0
    """Bytes of the answer's body as it was sent."""
    seconds: float = 0.0

    def note(self, code: str) -> None:
        """Adds the code of an error."""
        if code not in self.codes:
            self.codes.append(code)

    def note_document(self, text: str, observed: Observed) -> None:
        """Says which document was asked, and who will know more of it."""
        self.document = sha256(text.encode(errors="replace")).hexdigest()[:16]
        self.observed = observed


class Observer(Protocol):
    """Whoever is told of requests."""

    def began(self, account: Account) -> None:
        """A request has come in; only its id, method and path are known."""

    def ended(self, account: Account) -> None:
        """It has been answered, or given up."""


def account_of(request: Request) -> Account:
    """The account of a request that is being answered."""
    account: Account = request.scope["state"]["account"]
    return account
