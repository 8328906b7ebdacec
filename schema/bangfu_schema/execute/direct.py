"""Answers an operation whose fields of the root are known, without graphql-core's executor.

The executor reads each operation once. What it then found, its route, holds for every later request whose variables
leave the same fields out. Here nothing is ever told to be wrong: whatever is, is left to the executor, which finds the
same and knows where to put it.
"""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, get_variable_values
from graphql.execution.values import VariableValues

from bangfu.errors import UserError
from bangfu.query.given import Input
from bangfu.query.opened import Opening
from bangfu_schema.compile.form import TooWideError
from bangfu_schema.compile.row import MARK
from bangfu_schema.execute.complete import Compiler
from bangfu_schema.execute.documents import Document, Route, Skeleton
from bangfu_schema.execute.encoding import Written
from bangfu_schema.execute.holes import opened
from bangfu_schema.execute.observed import Observed
from bangfu_schema.execute.plans import Plan
from bangfu_schema.execute.reading import Reading
from bangfu_schema.execute.reads import Reads

Asked = tuple[str, Skeleton, Plan, Input, dict[str, Any]]


class Direct:
    """Answers one request."""

    def __init__(
        self,
        compiler: Compiler,
        document: Document,
        reading: Reading,
        observed: Observed,
        opening: Opening,
        reads: Reads,
    ) -> None:
        self._compiler = compiler
        self._document = document
        self._reading = reading
        self._observed = observed
        self._opening = opening
        self._reads = reads

    async def answer(
        self, operation: OperationDefinitionNode, name: str | None, given: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The data of an operation; None where the executor is needed, which begins with what was read already."""
        if not self._document.routes:
            return None
        definitions = operation.variable_definitions or ()
        variables = get_variable_values(self._compiler.schema, definitions, dict(given), max_errors=1)
        if not isinstance(variables, VariableValues):
            return None
        route = self._document.routes.get((name, self._document.outcome(variables.coerced)))
        if route is None:
            return None
        asked = await self._asked(route, variables)
        return None if asked is None else await self._read(asked)

    async def _asked(self, route: Route, variables: VariableValues) -> list[Asked] | None:
        """The plans of all fields with their values, before anything is read."""
        today = await self._reading.today()
        asked = []
        try:
            with self._observed.phase("compile"):
                for key, skeleton in route:
                    given = self._compiler.input(skeleton, skeleton.arguments(variables), today, self._opening)
                    plan = self._compiler.plan(skeleton, given)
                    asked.append((key, skeleton, plan, given, plan.values(given)))
        except (UserError, GraphQLError, TooWideError):
            return None
        return asked

    async def _read(self, asked: list[Asked]) -> dict[str, Any] | None:
        data: dict[str, Any] = {}
        for key, skeleton, plan, given, values in asked:
            self._reads.note(key, plan.personal, given.arguments)
            try:
                json = await self._reading.json(key, plan, given, values)
                if plan.holes and json is not None:
                    with self._observed.phase("python"):
                        json = opened(bytes(json), values[MARK], plan.holes, self._opening)
            except Exception:  # noqa: BLE001 - the executor is told the same error, and knows its place in the answer
                return None
            if json is None and not skeleton.is_nullable:
                return None
            data[key] = None if json is None else Written(json)
        return data
