"""Carries out changes of divisions for a viewer, and tells what came of them in the graph's own terms."""

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from bangfu.access import Policy
from bangfu.declare.codes import official_code, parse_code
from bangfu.declare.grain import Grain
from bangfu.divisions.carrier import WHOLE
from bangfu.divisions.carrying import Reorganised, reorganise
from bangfu.divisions.plan import Plan
from bangfu.divisions.reading import read_plan
from bangfu.divisions.undoing import undo
from bangfu.registry import Platform
from bangfu.write.outcome import Rejection
from bangfu_schema.derive.divisions import ConservedEntry, DivisionsErrorEntry, MovesEntry
from bangfu_schema.derive.scalars import Number, PlaceCode
from bangfu_schema.execute.changing import Changing


class Divisions:
    """The changes of divisions of one request."""

    def __init__(self, platform: Platform, changing: Changing, policy: Policy) -> None:
        self._platform = platform
        self._changing = changing
        self._policy = policy
        self._prefixes = {node.table.name: node.prefix for node in platform.graph.nodes.values()}

    async def reorganise(self, given: Mapping[str, Any], today: date) -> Any:
        """Carries a plan out; raises UserError for one that cannot be read, and Forbidden."""
        plan = read_plan(given["plan"], self._platform.graph.core[Grain.HOUSEHOLD])

        def run(connection: Connection) -> Reorganised:
            return reorganise(
                connection,
                self._platform,
                plan,
                author=self._changing.author("placesReorganize"),
                policy=self._policy,
                today=today,
                dry=given["dryRun"],
            )

        return self._told(await self._changing.run(run), plan)

    async def undo(self, given: Mapping[str, Any], _today: date) -> Any:
        """Takes a reorganisation back."""
        district = parse_code(given["district"], argument="district")

        def run(connection: Connection) -> Reorganised:
            return undo(
                connection,
                self._platform,
                district,
                given["number"],
                author=self._changing.author("placesUndo"),
                policy=self._policy,
                dry=given["dryRun"],
            )

        return self._told(await self._changing.run(run), None)

    def _told(self, done: Reorganised, plan: Plan | None) -> Any:
        return SimpleNamespace(
            number=done.number,
            errors=[_error(each, plan) for each in done.rejections],
            lineage=[
                SimpleNamespace(
                    predecessor=_place(each.predecessor),
                    former_name=each.former_name,
                    successor=_place(each.successor),
                    kind=each.kind.name,
                )
                for each in done.lineage
            ],
            moves=[
                MovesEntry(
                    record=self._prefixes[each.record],
                    from_=_place(each.from_code),
                    to=_place(each.to_code),
                    rows=each.rows,
                )
                for each in done.moves
            ],
            measures=[
                ConservedEntry(
                    measure=each.name,
                    before=None if each.before is None else Number(each.before),
                    after=None if each.after is None else Number(each.after),
                    is_conserved=each.is_conserved,
                    counts_places=each.counts_places,
                )
                for each in done.figures
            ],
            targets_left=done.targets_left,
            entries=[number for _, number in sorted(done.change_sets.items())],
        )


def path_of(rejection: Rejection, plan: Plan | None) -> list[str]:
    """The way to what has to change, from the arguments on."""
    column = [] if rejection.column is None else [rejection.column]
    if plan is None:
        return column
    step = [] if rejection.row == WHOLE else ["steps", str(rejection.row)]
    return ["plan", *step, *column]


def _error(rejection: Rejection, plan: Plan | None) -> DivisionsErrorEntry:
    return DivisionsErrorEntry(path=path_of(rejection, plan), code=rejection.code.value, told=rejection.message)


def _place(code: int) -> PlaceCode:
    return PlaceCode(official_code(code))
