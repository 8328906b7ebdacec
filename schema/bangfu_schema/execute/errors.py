"""Which errors a client may read, and with which code."""

from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from bangfu.errors import UserError

_LONGEST = 500  # characters


def formatted(error: GraphQLError, *, executed: bool) -> dict[str, Any] | None:
    """An error as it goes out, with `extensions.code`; None for a defect of ours, whose text stays inside."""
    cause = _cause(error)
    shown: dict[str, Any] = {**error.formatted, "message": _shortened(error.message)}
    if isinstance(cause, UserError):
        return {**shown, "message": str(cause), "extensions": extensions_of(cause)}
    if isinstance(error, GraphQLSyntaxError):
        return {**shown, "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}
    if cause is not None and not isinstance(cause, GraphQLError) and (executed or not isinstance(cause, ValueError)):
        return None  # before anything is executed, it is a value that cannot be read: a number of 60,000 digits
    code = "BAD_USER_INPUT" if executed else "GRAPHQL_VALIDATION_FAILED"
    return {**shown, "extensions": {"code": code}}


def _shortened(message: str) -> str:
    """GraphQL repeats what it does not understand, however long that is."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def _cause(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def extensions_of(error: UserError) -> dict[str, Any]:
    """What a program can read of a caller's mistake."""
    return {"code": error.code, **({"argument": error.argument} if error.argument else {})}
