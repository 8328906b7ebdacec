"""A platform's graph, ready to be asked."""

from copy import copy
from datetime import date
from inspect import isawaitable
from typing import Any

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType, execute

from bangfu.access import Policy, Viewer
from bangfu.access.policy import SMALL_CELL
from bangfu.bulk.desk import Desk
from bangfu.declare.codes import district_of, level_of
from bangfu.declare.grain import Grain
from bangfu.errors import OperationError, UserError
from bangfu.query.opened import Opening
from bangfu.query.visible import multirange
from bangfu.registry import Platform
from bangfu.store import Database
from bangfu.store.reads import log_read
from bangfu.store.setting import TIME_ZONE
from bangfu.store.wall import DISTRICT_READER, READER, WHOLE, Wall
from bangfu_schema.compile.build import Nodes
from bangfu_schema.compile.selection import meaning_of
from bangfu_schema.derive.catalogue import catalogue
from bangfu_schema.derive.schema import build_schema
from bangfu_schema.execute.changing import Changing
from bangfu_schema.execute.complete import Compiler, Completion
from bangfu_schema.execute.connection import Snapshot
from bangfu_schema.execute.direct import Direct
from bangfu_schema.execute.divisions import Divisions
from bangfu_schema.execute.documents import MOST_ERRORS, Document, Documents, Refused
from bangfu_schema.execute.errors import extensions_of, formatted
from bangfu_schema.execute.history import Logbook
from bangfu_schema.execute.imports import Imports
from bangfu_schema.execute.itself import Itself
from bangfu_schema.execute.limits import Limits, check, check_values
from bangfu_schema.execute.observed import Observed
from bangfu_schema.execute.reading import Reading
from bangfu_schema.execute.reads import Reads
from bangfu_schema.execute.request import Request
from bangfu_schema.execute.seam import SelectionExecutor, Subscribed, subscribed
from bangfu_schema.execute.subscription import Change, Subscription, entry_of, interest_of
from bangfu_schema.execute.undoing import Undoing


class DefectError(Exception):
    """An error of ours behind a request; for the log, not for the client."""


class Graph:
    """The GraphQL schema of a platform and the way to execute documents against a database."""

    def __init__(
        self,
        platform: Platform,
        limits: Limits | None = None,
        *,
        small_cell: int = SMALL_CELL,
        time_zone: str = TIME_ZONE,
    ) -> None:
        self.platform = platform
        self.small_cell = small_cell
        self.limits = limits or Limits()
        self.schema = build_schema(platform)
        self._itself = Itself()
        nodes = platform.graph.nodes.values()
        core = self.schema._schema  # Strawberry does not show the graphql-core schema it makes
        self._catalogue = catalogue(platform)
        self._logged = {node.table.name: node for node in nodes if not node.is_place}
        self.documents = Documents(core, self.limits)
        known = Nodes(platform.graph.core, {node.prefix: node for node in nodes})
        self.compiler = Compiler(core, known, zone=time_zone)
        self._desk: Desk | None = None

    def importing(self, desk: Desk) -> "Graph":
        """The same graph, whose files are imported at a desk; without one, none are."""
        made = copy(self)
        made._desk = desk
        return made

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
        plainly: bool = False,
        observed: Observed | None = None,
        viewer: Viewer | None = None,
        event: Change | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """The response to a document, errors included, for `encoded` or `decoded`.

        `today` stands in for the reporting date of the books; `plainly` answers field by field, as a reference;
        `observed` is told what can be said of the request afterwards; `viewer` is who asks, and without one it is the
        process itself, which sees everything;
        `event` is what a subscription is to tell of, which is refused without one.
        What a viewer reads of personal data is logged, under `request_id`, before this returns; what a mutation writes
        is stored before that, each by itself, and stays also where this raises.
        Raises OperationError where the database is away or a read cannot be logged, and DefectError for a defect of
        ours.
        """
        observed = observed or Observed()
        try:
            with observed.phase("parse"):
                check_values(variables or {}, self.limits)
                found, operation = self.documents.find(document, operation_name)
                observed.operation = operation.name.value if operation.name is not None else None
                observed.demand = found.demand(self.compiler.schema, operation, variables or {})
            check(observed.demand_in_all, self.limits)
            _require_event(operation, event)
        except Refused as refused:
            return _response(None, refused.errors, executed=False)
        except UserError as error:
            return {"errors": [{"message": str(error), "extensions": extensions_of(error)}]}
        if not plainly and (told := self._itself.find(found, operation_name)) is not None:
            return {"data": told}
        policy = Policy(viewer, self.small_cell)
        opening = Opening(database.seal, policy)
        reads, wall = Reads(), wall_of(policy)
        reading = Reading(database, today, observed, wall, several=_has_several(operation))
        changing = Changing(database, self.compiler.nodes, policy, request_id)
        try:
            data = None
            if not plainly:
                direct = Direct(self.compiler, found, reading, observed, opening, reads)
                data = await direct.answer(operation, operation_name, variables or {})
            response: dict[str, Any] = {"data": data}
            if data is None:
                response = await self._by_executor(
                    *(database, found, operation_name, variables, reading, wall, observed, opening, event, reads),
                    changing,
                    plainly=plainly,
                )
                if "errors" not in response and not plainly:
                    self._itself.note(found, operation_name, operation, response["data"])
        finally:
            await reading.close()  # also before the log, which needs a connection: nobody waits for a second one
        if viewer is not None and wall is not None:
            name = operation.name.value if operation.name else None
            read = reads.read(response, viewer, document, name, request_id)
            if read is not None:
                with observed.phase("log"):
                    await log_read(database.pool, wall, read)
        return response

    async def subscribe(
        self,
        database: Database,
        document: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        viewer: Viewer | None = None,
        request_id: str | None = None,
    ) -> Subscription | dict[str, Any]:
        """What a document subscribes to; in its place the response to a query, or to what cannot be run.

        Raises what `execute` raises.
        """
        try:
            check_values(variables or {}, self.limits)
            found, operation = self.documents.find(document, operation_name)
            is_subscription = operation.operation is OperationType.SUBSCRIPTION
        except (Refused, UserError):
            is_subscription = False  # nor anything else: `execute` says what is wrong
        if not is_subscription:
            return await self.execute(
                database, document, variables, operation_name, viewer=viewer, request_id=request_id
            )
        field = subscribed(self.compiler.schema, found.node, variables, operation_name)
        if not isinstance(field, Subscribed):
            return _without_data(field)
        try:
            interest = interest_of(meaning_of(field.definition), field.arguments, self.platform, viewer)
            if interest.is_listed and interest.place is not None:
                await self._require_place(database, interest.place, viewer)
        except UserError as error:
            told = GraphQLError(str(error), nodes=[field.node], path=[field.key], original_error=error)
            return _without_data([told])

        async def answer(event: Change) -> dict[str, Any]:
            return await self.execute(
                database, document, variables, operation_name, viewer=viewer, event=event, request_id=request_id
            )

        return Subscription(interest=interest, answer=answer)

    async def _require_place(self, database: Database, code: int, viewer: Viewer | None) -> None:
        """Raises UserError for a place that there is not: whoever subscribes to it would wait for ever."""
        policy = Policy(viewer, self.small_cell)
        wall = wall_of(policy)
        reading = Reading(database, None, Observed(), wall, several=False)
        snapshot = Snapshot(database.async_engine, reading.today, wall)
        try:
            opening = Opening(database.seal, policy)
            await Request(self.compiler.nodes, self._catalogue, snapshot, opening, self._logbook(database)).known(
                code, "place"
            )
        finally:
            await snapshot.close()
            await reading.close()

    def _logbook(self, database: Database) -> Logbook:
        return Logbook(database, self._logged)

    async def _by_executor(
        self,
        database: Database,
        document: Document,
        operation: str | None,
        variables: dict[str, Any] | None,
        reading: Reading,
        wall: Wall | None,
        observed: Observed,
        opening: Opening,
        event: Change | None,
        reads: Reads,
        changing: Changing,
        *,
        plainly: bool,
    ) -> dict[str, Any]:
        snapshot = Snapshot(database.async_engine, reading.today, wall)
        request = Request(self.compiler.nodes, self._catalogue, snapshot, opening, self._logbook(database))
        completion = Completion(
            self.compiler, document, operation, reading, request, observed, opening, reads, changing, plainly=plainly
        )
        request.completer = completion
        request.divisions = Divisions(self.platform, changing, opening.policy)
        request.undoing = Undoing(self.platform.graph, changing, opening.policy)
        request.imports = Imports(self.platform, database, self._desk, changing, opening.policy)
        try:
            result = execute(
                self.compiler.schema,
                document.node,
                root_value=None if event is None else entry_of(event),
                context_value=request,
                variable_values=variables,
                operation_name=operation,
                executor_class=SelectionExecutor,
                max_coercion_errors=MOST_ERRORS,
            )
            if isawaitable(result):
                result = await result
        finally:
            await snapshot.close()
        if result.data is not None:
            completion.note_route(result.data)
        return _response(result.data, result.errors or [], executed=True)


def _without_data(errors: list[GraphQLError]) -> dict[str, Any]:
    """Why nothing is subscribed to."""
    return {"errors": _response(None, errors, executed=True)["errors"]}


def _require_event(operation: OperationDefinitionNode, event: Change | None) -> None:
    if operation.operation is OperationType.SUBSCRIPTION and event is None:
        raise UserError(
            "A subscription needs a connection that stays open. Send it over a WebSocket (graphql-transport-ws), or "
            "with the header `Accept: text/event-stream`.",
            code="NEEDS_STREAM",
        )


def wall_of(policy: Policy) -> Wall | None:
    """What PostgreSQL itself is told of a viewer; nothing for the process itself."""
    if policy.viewer is None:
        return None
    # Names that come from a token are taken for names only where they are written as such.
    permissions = ",".join(sorted(each for each in policy.viewer.permissions if "," not in each))
    if policy.is_everywhere:
        return Wall(DISTRICT_READER, WHOLE, permissions)
    if all(level_of(code) is Grain.DISTRICT for code in policy.viewer.places):
        districts = tuple((district_of(first), district_of(first)) for first, _ in policy.ranges)
        return Wall(DISTRICT_READER, multirange(districts), permissions)
    return Wall(READER, multirange(policy.ranges), permissions)


def _has_several(operation: OperationDefinitionNode) -> bool:
    """Whether an operation may read more fields of the root than one, which then are of one snapshot."""
    if operation.operation is OperationType.MUTATION:
        return False  # each is read as things stand after it
    selections = operation.selection_set.selections
    return len(selections) > 1 or not isinstance(selections[0], FieldNode)


def _response(data: dict[str, Any] | None, errors: list[GraphQLError], *, executed: bool) -> dict[str, Any]:
    if not errors:
        return {"data": data}
    shown = []
    for error in errors:
        told = formatted(error, executed=executed)
        if told is None:
            cause = error.original_error
            if isinstance(cause, OperationError):
                raise cause
            # Not the error's own text, which repeats the document: this goes to the log.
            raise DefectError(f"at {'.'.join(map(str, error.path or ()))}: {type(cause).__name__}") from cause
        shown.append(told)
    return {"errors": shown, "data": data} if data is not None or errors[0].path else {"errors": shown}
