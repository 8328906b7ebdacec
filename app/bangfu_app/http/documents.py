"""Documents that a client names in place of sending them: those of a manifest, and those that are kept as they come."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from bangfu.errors import OperationError, UserError, quoted
from bangfu.store import Settings

_PREFIX = "sha256:"
_LONGEST = 20_000  # characters of a document that is kept as it comes

_REMEDY = 'Accepted: a JSON object of identifiers and documents, such as {"sha256:…": "query …"}.'


class DocumentError(UserError):
    """A document that is not run here; told like a document that is wrong, with the status that says why."""

    def __init__(self, message: str, *, code: str, argument: str = "", status: HTTPStatus = HTTPStatus.OK) -> None:
        super().__init__(message, argument=argument, code=code)
        self.status = status


class Documents:
    """What may be named: the manifest, and up to `automatic` documents that clients have sent with their hash.

    With `only`, nothing but the documents of the manifest is run, whether named or sent.
    """

    def __init__(self, manifest: Mapping[str, str] | None = None, *, only: bool = False, automatic: int = 0) -> None:
        self._manifest = dict(_named(manifest or {}))
        self._trusted = frozenset(self._manifest.values()) if only else None
        self._automatic = automatic
        self._kept: OrderedDict[str, str] = OrderedDict()

    def named(self, name: str) -> str:
        """The document of a `documentId`; raises DocumentError."""
        document = self._find(name)
        if document is not None:
            return document
        found = f"{quoted(name)} is no document of this server"
        if self._trusted is not None:
            raise _untrusted(found, argument="documentId")
        message = f"{found}. Send the document itself as `query`."
        raise DocumentError(message, argument="documentId", code="PERSISTED_QUERY_NOT_FOUND")

    def hashed(self, digest: str) -> str:
        """The document of Apollo's `extensions.persistedQuery.sha256Hash`; raises DocumentError.

        Clients read these messages, whose words are the protocol's.
        """
        document = self._find(_PREFIX + digest) or self._manifest.get(digest)
        if document is not None:
            return document
        if self._trusted is not None:
            raise _untrusted("There is no such document", argument="extensions.persistedQuery")
        if self._automatic or self._manifest:
            raise DocumentError("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")
        raise DocumentError("PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED")

    def sent(self, document: str) -> str:
        """A document that was sent, where it may be run; raises DocumentError."""
        if self._trusted is not None and document not in self._trusted:
            raise _untrusted("This is none of them", argument="query")
        return document

    def keep(self, document: str) -> None:
        """Notes a document that was sent with its hash, and found good; the least recently used one makes room."""
        if not self._automatic or len(document) > _LONGEST:
            return
        name = _PREFIX + digest_of(document)
        self._kept[name] = document
        self._kept.move_to_end(name)
        if len(self._kept) > self._automatic:
            self._kept.popitem(last=False)

    def _find(self, name: str) -> str | None:
        document = self._manifest.get(name)
        if document is None and (document := self._kept.get(name)) is not None:
            self._kept.move_to_end(name)
        return document


def digest_of(document: str) -> str:
    """The SHA-256 of a document's text in UTF-8, as lower-case hexadecimal digits."""
    return sha256(document.encode(errors="surrogatepass")).hexdigest()


def digest_named(name: str | None) -> str | None:
    """The hash that an identifier of the standard's form names; None where it is of another form."""
    return name.removeprefix(_PREFIX) if name is not None and name.startswith(_PREFIX) else None


def open_documents(settings: Settings) -> Documents:
    """The documents that the settings name; raises OperationError where their file is no manifest."""
    if settings.documents_only and (settings.documents is None or settings.documents_automatic):
        raise _wrong(
            "BANGFU_DOCUMENTS_ONLY is set, "
            + ("but no manifest." if settings.documents is None else "and BANGFU_DOCUMENTS_AUTOMATIC too."),
            "Set BANGFU_DOCUMENTS to a manifest, and BANGFU_DOCUMENTS_AUTOMATIC not at all.",
        )
    manifest = {} if settings.documents is None else read_manifest(settings.documents)
    return Documents(manifest, only=settings.documents_only, automatic=settings.documents_automatic)


def read_manifest(path: Path) -> dict[str, str]:
    """The documents in a file by their identifiers, as relay-compiler, graphql-codegen or Apollo write it.

    Raises OperationError that names what is wrong.
    """
    try:
        content: Any = orjson.loads(path.read_bytes())
    except OSError as error:
        raise _wrong(f"BANGFU_DOCUMENTS: {path} cannot be read: {error.strerror}.", _REMEDY) from None
    except orjson.JSONDecodeError as error:
        raise _wrong(f"BANGFU_DOCUMENTS: {path} is not JSON: {error}.", _REMEDY) from None
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        content = {
            each["id"]: each["body"]
            for each in content["operations"]
            if isinstance(each, dict) and {"id", "body"} <= each.keys()
        }
    if not isinstance(content, dict) or not content:
        raise _wrong(f"BANGFU_DOCUMENTS: {path} has no documents.", _REMEDY)
    for name, document in content.items():
        if not isinstance(name, str) or not isinstance(document, str):
            raise _wrong(f"BANGFU_DOCUMENTS: {path}: {quoted(name)} does not stand for a document.", _REMEDY)
        if name.startswith(_PREFIX) and name != _PREFIX + digest_of(document):
            raise _wrong(
                f"BANGFU_DOCUMENTS: {path}: {quoted(name)} is not the hash of its document.",
                "Write the manifest anew with the tool that made it.",
            )
    return content


def _named(manifest: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The manifest, also with the standard's prefix where a name without one is the document's hash."""
    for name, document in manifest.items():
        yield name, document
        if name == digest_of(document):
            yield _PREFIX + name, document


def _untrusted(found: str, *, argument: str) -> DocumentError:
    message = f"{found}. This server runs the documents of its manifest only; its operator can have one added."
    return DocumentError(message, argument=argument, code="DOCUMENT_NOT_TRUSTED", status=HTTPStatus.FORBIDDEN)


def _wrong(message: str, remedy: str) -> OperationError:
    return OperationError(message, code="BAD_SETTING", remedy=remedy)
