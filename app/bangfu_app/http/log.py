"""The log: one line for each request and each thing that goes wrong, as JSON for programs or as text for people.

A line has no variables, no text of a document, and no value that PostgreSQL complains of: those may be somebody's.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import psycopg
import structlog
from graphql import GraphQLError
from sqlalchemy.exc import DBAPIError

from bangfu_app.http.account import Account
from bangfu_app.http.correlation import RequestIdFilter

Format = Literal["auto", "json", "text"]

_log = logging.getLogger("bangfu.access")
_FIELDS = "told"
_OF_VALUES = ("22", "23")  # SQLSTATEs of PostgreSQL's complaints about values, which repeat them


class RequestLog:
    """Writes a line for each request that has been answered."""

    def began(self, account: Account) -> None:
        """Nothing is written yet."""

    def ended(self, account: Account) -> None:
        """Writes the line."""
        if _log.isEnabledFor(logging.INFO):
            message = f"{account.method} {account.path} {account.status}"
            # Without looking for who calls, which is always this.
            _log.handle(_log.makeRecord(_log.name, logging.INFO, "", 0, message, (), None, extra={_FIELDS: account}))


def line_of(account: Account) -> dict[str, Any]:
    """What the log tells of a request; what is not known is left out."""
    told: dict[str, Any] = {
        "method": account.method,
        "path": account.path,
        "status": account.status,
        "ms": round(1000 * account.seconds, 2),
        "bytes": account.size,
    }
    if account.viewer is not None:
        told["viewer"] = account.viewer
    if account.codes:
        told["codes"] = account.codes
    if account.document is not None:
        told["document"] = account.document
    if (observed := account.observed) is not None:
        if observed.operation is not None:
            told["operation"] = observed.operation
        told["cost"] = observed.demand.cost
        told["statements"] = len(observed.statements)
        told["sqlMs"] = round(1000 * observed.seconds.get("sql", 0.0), 2)
    return told


def log_to_stderr(format_: Format = "auto") -> None:
    """Sends all lines of this process to stderr; `auto` writes text on a terminal and JSON elsewhere."""
    is_text = format_ == "text" or (format_ == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(_text() if is_text else _json())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # that it starts and ends is told already


def traced(error: BaseException) -> str:
    """An error and what it came from, in the order in which it went wrong, as a traceback shows it."""
    return "\n".join(_traced(error, set()))


def _traced(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _traced(before, seen)
        yield "which led to:"
    yield "".join(traceback.format_tb(error.__traceback__)) + f"{type(error).__qualname__}: {_said(error)}"


def _said(error: BaseException) -> str:
    """What an error says, without the values that it may repeat."""
    if isinstance(error, DBAPIError):
        return _said(error.orig) if error.orig is not None else type(error).__name__
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        parts = (error.diag.schema_name, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
        where = ".".join(part for part in parts if part)
        text = "" if error.sqlstate.startswith(_OF_VALUES) else error.diag.message_primary or ""
        return " ".join(part for part in (f"SQLSTATE {error.sqlstate}", where, text) if part)
    if isinstance(error, GraphQLError):
        return error.message  # its text has the document too
    return str(error)


class _Json(structlog.stdlib.ProcessorFormatter):
    """Lines of JSON; those of requests, of which there are many, without anything between."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        account: Account | None = getattr(record, _FIELDS, None)
        if account is None:
            return super().format(record)
        line = {
            "event": record.getMessage(),
            "level": "info",
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "requestId": account.id,
            **line_of(account),
        }
        return orjson.dumps(line).decode()


def _json() -> logging.Formatter:
    return _Json(
        processors=[_fields, structlog.processors.JSONRenderer(serializer=_dumped)],
        foreign_pre_chain=_chain(structlog.processors.TimeStamper(fmt="iso", utc=True)),
    )


def _text() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[_fields, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
        foreign_pre_chain=_chain(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)),
    )


def _chain(stamp: structlog.typing.Processor) -> list[structlog.typing.Processor]:
    return [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp]


def _fields(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What the record itself carries: the id of its request, what is told of one, an error."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog")
    event["requestId"] = getattr(record, "requestId", "-")
    account: Account | None = getattr(record, _FIELDS, None)
    if account is not None:
        event.update(line_of(account))
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    if error is not None:
        event["error"] = traced(error)
    return event


def _dumped(event: Any, **_: Any) -> str:  # whatever a line has; what JSON has not is written as text
    return orjson.dumps(event, default=str).decode()
