"""A platform's graph, ready to be asked."""

from datetime import date
from typing import Any

from graphql import GraphQLError

from bangfu.errors import OperationError
from bangfu.registry import Platform
from bangfu.store import Database
from bangfu_schema.derive.catalogue import catalogue
from bangfu_schema.derive.schema import build_schema
from bangfu_schema.execute.connection import Snapshot
from bangfu_schema.execute.errors import formatted
from bangfu_schema.execute.request import Request


class DefectError(Exception):
    """An error of ours behind a request; for the log, not for the client."""


class Graph:
    """The GraphQL schema of a platform and the way to execute documents against a database."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.schema = build_schema(platform)
        self._catalogue = catalogue(platform)

    def sdl(self) -> str:
        """The schema in GraphQL's own language."""
        return self.schema.as_str() + "\n"

    async def execute(
        self,
        database: Database,
        document: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        today: date | None = None,
    ) -> dict[str, Any]:
        """The response to a document, errors included; `today` stands in for the reporting date of the books.

        Raises OperationError where the database is away, and DefectError for a defect of ours.
        """
        snapshot = Snapshot(database.async_engine, today)
        request = Request(self.platform, self._catalogue, snapshot)
        try:
            result = await self.schema.execute(
                document, variable_values=variables, context_value=request, operation_name=operation_name
            )
        finally:
            await snapshot.close()
        return _response(result.data, result.errors or [])


def _response(data: dict[str, Any] | None, errors: list[GraphQLError]) -> dict[str, Any]:
    if not errors:
        return {"data": data}
    shown = []
    for error in errors:
        told = formatted(error, executed=error.path is not None)
        if told is None:
            cause = error.original_error
            if isinstance(cause, OperationError):
                raise cause
            raise DefectError(str(error)) from cause
        shown.append(told)
    return {"errors": shown, "data": data} if data is not None or errors[0].path else {"errors": shown}
