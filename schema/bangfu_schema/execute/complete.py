"""Completes the fields of the root: by one statement each, or field by field where no statement can hold them."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from inspect import isawaitable
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema
from psycopg.abc import Buffer

from bangfu.errors import UserError
from bangfu.query.given import Arguments, AsOf, Input, Kept, Once
from bangfu.query.opened import Opening
from bangfu.query.values import parse_id
from bangfu.store.setting import TIME_ZONE
from bangfu_schema.compile.build import Nodes
from bangfu_schema.compile.form import TooWideError
from bangfu_schema.compile.personal import Personal, personal
from bangfu_schema.compile.row import MARK
from bangfu_schema.compile.selection import Reader
from bangfu_schema.compile.statement import check_payload, compile_field, place_of
from bangfu_schema.derive.fields import OfChanging, OfNode, OfPlace, OfProcedure
from bangfu_schema.execute.changing import Changing
from bangfu_schema.execute.documents import Document, Skeleton
from bangfu_schema.execute.encoding import Written
from bangfu_schema.execute.holes import filled, opened
from bangfu_schema.execute.lookback import as_of
from bangfu_schema.execute.observed import Observed
from bangfu_schema.execute.plans import Plan, Plans
from bangfu_schema.execute.reading import Reading, day_of_the_books
from bangfu_schema.execute.reads import Reads
from bangfu_schema.execute.request import Request
from bangfu_schema.execute.seam import Reached, Selection
from bangfu_schema.execute.shape import shape_of


@dataclass(frozen=True, eq=False)
class Compiler:
    """What is the same for all requests: the schema, the nodes behind it, the plans in use."""

    schema: GraphQLSchema
    nodes: Nodes
    plans: Plans = field(default_factory=Plans)
    zone: str = TIME_ZONE
    """The time zone in which days end."""

    def input(self, skeleton: Skeleton, arguments: Sequence[Arguments], today: date, opening: Opening) -> Input:
        """What a request that stands on `today` gives a field of the root, which may look back to an earlier day.

        Raises UserError where that day cannot be.
        """
        past = as_of(skeleton.chosen, arguments, today, self.zone)
        return Input(arguments, today if past is None else past.day, opening.policy, opening.seal, past)

    def plan(self, skeleton: Skeleton, given: Input) -> Plan:
        """The plan for a selection and the shape of its arguments."""
        policy = given.policy
        # On the places that are named the statement depends too: whether they lie in the viewer's own.
        seen = skeleton.varying if policy.is_everywhere else skeleton.varying + skeleton.placed
        shape = tuple(shape_of(given.arguments[place], policy) for place in seen)
        looks_back = given.as_of is not None
        return self.plans.find((skeleton, shape, policy.shape, looks_back), lambda: self.compile(skeleton, given))

    def compile(self, skeleton: Skeleton, given: Input) -> Plan:
        """A new plan; raises UserError where an argument cannot be."""
        kept = Kept(given)
        statement = compile_field(self.nodes, skeleton.chosen, kept, given.arguments, day_of_the_books())
        return Plan.of(statement, kept, self.personal(skeleton, given))

    def check_payload(self, skeleton: Skeleton, given: Input) -> None:
        """Raises UserError where a mutation's payload asks for what cannot be shown."""
        with suppress(TooWideError):  # which is answered field by field, as every payload is
            check_payload(self.nodes, skeleton.chosen, Once(given), given.arguments)

    def personal(self, skeleton: Skeleton, given: Input) -> Personal | None:
        """What a selection reads of personal data; nothing where the viewer is shown none, or is nobody."""
        if given.policy.viewer is None or not given.policy.reads_personal:
            return None
        return personal(self.nodes.by_name, skeleton.chosen, given.arguments)


class Completion:
    """Completes one request."""

    def __init__(
        self,
        compiler: Compiler,
        document: Document,
        operation: str | None,
        reading: Reading,
        plain: Request,
        observed: Observed,
        opening: Opening,
        reads: Reads,
        changing: Changing,
        *,
        plainly: bool,
    ) -> None:
        self._compiler = compiler
        self._document = document
        self._operation = operation
        self._reading = reading
        self._plain = plain
        self._observed = observed
        self._opening = opening
        self._reads = reads
        self._changing = changing
        self._plainly = plainly
        self._outcome: Hashable = ()
        self._direct: dict[str, Skeleton] = {}
        """The fields that were answered by one statement, and would be again with other values."""

    async def complete(self, selection: Selection, reached: Reached) -> Any:
        """The finished value of a field of the root."""
        if isinstance(selection.meaning, OfChanging | OfProcedure):
            return await self._changed(selection.meaning, selection, reached)
        if self._plainly:
            await self._reading.look_up_today()
        today = await self._reading.today()
        # From here to the statement nothing waits: the fields' mistakes are told in their order.
        skeleton = self._skeleton(selection, reached)
        arguments = skeleton.arguments(reached.executor.variable_values)
        try:
            with self._observed.phase("compile"):
                given = self._compiler.input(skeleton, arguments, today, self._opening)
                plan = self._compiler.plan(skeleton, given)
            # What is wrong with an argument is told in the same way on both paths: before anything is read.
            values = plan.values(given)
        except UserError as error:
            raise _placed(error, skeleton) from error
        except TooWideError:
            self._reads.note(reached.key, self._compiler.personal(skeleton, given), given.arguments)
            return await self._by_fields(selection, reached, given.as_of)
        self._reads.note(reached.key, plan.personal, given.arguments)
        if self._plainly:
            return await self._by_fields(selection, reached, given.as_of)
        try:
            json = await self._reading.json(reached.key, plan, given, values)
        except UserError as error:
            raise _placed(error, skeleton) from error
        if plan.needs_python:
            return await self._filled(json, values[MARK], plan, selection, reached, given.as_of)
        if plan.holes and json is not None:
            with self._observed.phase("python"):
                json = opened(bytes(json), values[MARK], plan.holes, self._opening)
        if not isinstance(selection.meaning, OfNode | OfPlace):  # whose type depends on the value of its argument
            self._direct[reached.key] = skeleton
        return None if json is None else Written(json)

    async def _changed(self, meaning: OfChanging | OfProcedure, selection: Selection, reached: Reached) -> Any:
        """Carries out a mutation, and completes its payload as everything stands then."""
        await self._reading.look_up_today()
        today = await self._reading.today()
        skeleton = self._skeleton(selection, reached)
        arguments = skeleton.arguments(reached.executor.variable_values)
        given = Input(arguments, today, self._opening.policy, self._opening.seal)
        try:
            # What cannot be shown is refused first: afterwards it would be told of rows that are changed already.
            self._compiler.check_payload(skeleton, given)
        except UserError as error:
            raise _placed(error, skeleton) from error
        await self._plain.renew()
        with self._observed.phase("write"):
            changed = await self._changing.change(
                meaning, skeleton.chosen.name, arguments[skeleton.chosen.place], today
            )
        self._reads.note(reached.key, self._compiler.personal(skeleton, given), given.arguments)
        completed = reached.by_fields(changed)
        return await completed if isawaitable(completed) else completed

    def note_route(self, data: Mapping[str, Any]) -> None:
        """Keeps how this was answered for later requests, where each field of the root was by one statement."""
        if self._direct and data.keys() == self._direct.keys():
            route = tuple((key, self._direct[key]) for key in data)
            self._document.note((self._operation, self._outcome), route)

    async def _filled(
        self, json: Buffer | None, mark: str, plan: Plan, selection: Selection, reached: Reached, past: AsOf | None
    ) -> Any:
        if json is None:
            return None
        self._plain.standing_on(reached.key, past)
        with self._observed.phase("python"):
            whole = await filled(bytes(json), mark, plan.holes, self._opening, reached)
        return await self._by_fields(selection, reached, past) if whole is None else Written(whole)

    async def _by_fields(self, selection: Selection, reached: Reached, past: AsOf | None) -> Any:
        value = await self._plain.resolve(selection, reached.key, past)
        completed = None if value is None else reached.by_fields(value)
        return await completed if isawaitable(completed) else completed

    def _skeleton(self, selection: Selection, reached: Reached) -> Skeleton:
        """The selection as it was read before, or is read now."""
        concrete = self._concrete(selection)
        self._outcome = self._document.outcome(reached.executor.variable_values.coerced)
        name = (self._operation, reached.key, self._outcome, concrete.name if concrete is not None else None)
        return self._document.skeleton(name, lambda: self._read(reached, concrete))

    def _read(self, reached: Reached, concrete: GraphQLObjectType | None) -> Skeleton:
        reader = Reader(self._compiler.schema, reached.executor.collect_subfields)
        chosen = reader.field(reached.info.parent_type, reached.key, reached.details, concrete)
        return Skeleton.of(chosen, reader.sites)

    def _concrete(self, selection: Selection) -> GraphQLObjectType | None:
        """The type of the row that `node` is asked for, or of the place."""
        if isinstance(selection.meaning, OfNode):
            node, _ = parse_id(selection.arguments["id"], self._compiler.nodes.by_prefix)
        elif isinstance(selection.meaning, OfPlace):
            node = place_of(self._compiler.nodes, selection.arguments["place"], "place")
        else:
            return None
        type_ = self._compiler.schema.get_type(node.name)
        assert isinstance(type_, GraphQLObjectType), "every node is an object type"
        return type_


def _placed(error: UserError, skeleton: Skeleton) -> Exception:
    """The mistake with the place of its field: in the document, and in the answer as far as there is one."""
    if error.field is None:
        return error
    node, path = skeleton.sites[error.field].node, list(skeleton.ways[error.field])
    return GraphQLError(str(error), nodes=[node], path=path, original_error=error)
