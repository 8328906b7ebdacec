"""The plain path: answers every derived field with statements batched over all rows of a level.

It is the reference for any faster way: each field's meaning is answered here in the simplest form that does not
ask the database once for each row.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from inspect import isawaitable
from typing import Any

from graphql.pyutils import Path
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from bangfu.declare.codes import level_of, parse_code
from bangfu.declare.requirements import RequirementKind
from bangfu.errors import UserError, nearest, quoted
from bangfu.query.boundaries import day_of_boundaries
from bangfu.query.given import AsOf, Given, Input, Once
from bangfu.query.opened import Opening
from bangfu.query.period import period_of
from bangfu.query.values import node_id, parse_id, place_key, unknown_place
from bangfu.query.visible import check_may_read
from bangfu.registry import Kind, Link, MeasureField, Node
from bangfu_schema.compile.build import Nodes
from bangfu_schema.compile.listing import listing
from bangfu_schema.derive import fields as of
from bangfu_schema.derive.catalogue import PluginEntry
from bangfu_schema.derive.row import Row
from bangfu_schema.derive.viewer import entry_of
from bangfu_schema.execute import completeness, measures
from bangfu_schema.execute.changing import Changed
from bangfu_schema.execute.connection import Lookback, Reader, Snapshot
from bangfu_schema.execute.divisions import Divisions
from bangfu_schema.execute.history import Logbook
from bangfu_schema.execute.imports import Imports
from bangfu_schema.execute.measures import Asked, Cell, Told
from bangfu_schema.execute.pages import Page, make_page
from bangfu_schema.execute.seam import Completer, Selection
from bangfu_schema.execute.statements import PARENT, ones_of, page_of, pages_of, rows_of, totals_of
from bangfu_schema.execute.undoing import Undoing

_IN_PYTHON = (
    *(of.OfCatalogue, of.OfViewer, of.OfHistory, of.OfLog),
    *(of.OfReorganising, of.OfUndoing, of.OfChangesUndoing, of.OfImport),
)
"""What stands at the root and is answered here, not by a statement of the compiler's."""

_Load = Callable[[list[int]], Awaitable[list[Any]]]


class Request:
    """One request's context: its snapshot of the database, its day, and the batches under way."""

    def __init__(
        self,
        nodes: Nodes,
        catalogue: Sequence[PluginEntry],
        snapshot: Snapshot,
        opening: Opening,
        logbook: Logbook,
        past: AsOf | None = None,
    ) -> None:
        self.completer: Completer
        """Completes the fields of the root; set by whoever makes the two."""
        self.divisions: Divisions
        """Changes divisions; set as well."""
        self.undoing: Undoing
        """Takes entries of the log back; set as well."""
        self.imports: Imports
        """Imports files; set as well."""
        self._nodes = nodes
        self._catalogue = catalogue
        self._whole = snapshot
        self._past = past
        self._snapshot = snapshot if past is None else Lookback(snapshot, past)
        self._opening = opening
        self._logbook = logbook
        self._policy = opening.policy
        self._loaders: dict[tuple[Any, ...], DataLoader[int, Any]] = {}
        self._looking_back: dict[str, Request] = {}
        """Who answers the fields of the root that look back to a day, by their keys in the answer."""

    def answer(self, meaning: of.Meaning, source: Any, given: dict[str, Any], info: Info) -> Awaitable[Any] | Any:
        """The value of a field, at once or awaited; one of the root is handed to `complete` as a whole."""
        is_of_the_root = source is None and not isinstance(meaning, _IN_PYTHON)
        if is_of_the_root or isinstance(meaning, of.OfPlace):  # which stands below an event
            return Selection(meaning, given, self.completer)
        return self._of_root(info.path)._answer(meaning, source, given, str(info.path.key))

    async def renew(self) -> None:
        """Forgets what was read: rows are as they stand in the database from now on."""
        await self._whole.renew()
        self._loaders.clear()

    async def resolve(self, selection: Selection, path: str, past: AsOf | None) -> Any:
        """The value of a field of the root, whose parts are then answered one by one, as of a day if one is given."""
        value = self.standing_on(path, past)._answer(selection.meaning, None, selection.arguments, path)
        return await value if isawaitable(value) else value

    def standing_on(self, root: str, past: AsOf | None) -> "Request":
        """Who answers what stands below a field of the root, by its key in the answer, as of a day if one is given."""
        if past is None:
            return self
        if root not in self._looking_back:
            given = (self._nodes, self._catalogue, self._whole, self._opening, self._logbook)
            self._looking_back[root] = Request(*given, past)
        return self._looking_back[root]

    def _of_root(self, path: Path) -> "Request":
        """Who answers what stands below a field of the root."""
        if not self._looking_back:
            return self
        while path.prev is not None:
            path = path.prev
        return self._looking_back.get(str(path.key), self)

    def _answer(self, meaning: of.Meaning, source: Any, given: dict[str, Any], path: str) -> Awaitable[Any] | Any:
        match meaning:
            case of.OfAttribute(attribute):
                value = source.value(attribute.column)
                return value.name if attribute.kind is Kind.CHOICE and value is not None else value
            case of.OfId():
                return node_id(source.node, source.key)
            case of.OfSpace():
                return source if source is not None else meaning
            case of.OfOne(link):
                return self._one(link, source, path)
            case of.OfMany(link):
                return self._many(link, source, given, path)
            case of.OfCount(link):
                return self._count(link, source, {}, path)
            case of.OfTotal():
                return source.total()
            case of.OfMeasure(field):
                return self._measure(field, source, given, path)
            case of.OfMeasurePart(name):
                return self._measure_part(name, source)
            case of.OfRequirements(kind):
                return self._requirements(kind, source)
            case of.OfRequirementsPart(name):
                return source[name]
            case of.OfRow(node):
                return self._row(node, given, path)
            case of.OfNode():
                return self._permitted(*parse_id(given["id"], self._nodes.by_prefix), path)
            case of.OfPlace():
                return self.known(parse_code(given["place"], argument="place"), "place")
            case of.OfChange():
                return source
            case of.OfChanging() | of.OfProcedure():
                raise AssertionError("a mutation is carried out before its payload is asked for")
            case of.OfChanged(name):
                return self._changed(name, source, path)
            case of.OfReorganising():
                return self._redrawn(self.divisions.reorganise, given)
            case of.OfUndoing():
                return self._redrawn(self.divisions.undo, given)
            case of.OfChangesUndoing():
                return self._redrawn(self.undoing.undo, given)
            case of.OfImport("plans"):
                return self.imports.plans(given)
            case of.OfImport(name):
                return self._redrawn(self.imports.plan if name == "plan" else self.imports.apply, given)
            case of.OfCatalogue(name):
                return self._entries(name, given.get("plugin"))
            case of.OfHistory():
                return self._history(given, path)
            case of.OfRowHistory():
                return self._row_history(source, given)
            case of.OfLog():
                return self._logbook.of_district(given, self._policy)
            case of.OfViewer():
                viewer = self._policy.viewer
                return None if viewer is None else entry_of(viewer)

    async def _redrawn(
        self, change: Callable[[dict[str, Any], date], Awaitable[Any]], given: dict[str, Any]
    ) -> Any:  # what comes of it
        today = await self._snapshot.today()
        await self.renew()  # nobody holds a connection while waiting for another one
        done = await change(given, today)
        await self.renew()
        return done

    async def _history(self, given: dict[str, Any], path: str) -> list[Any] | None:
        node, key = parse_id(given["id"], self._nodes.by_prefix)
        if await self._permitted(node, key, path) is None:
            return None
        return await self._logbook.of_row(node, key, given, self._policy)

    def _row_history(self, source: Row, given: dict[str, Any]) -> Awaitable[list[Any]]:
        before = None if self._past is None else self._past.moment

        async def load(keys: list[int]) -> list[list[Any]]:
            return await self._logbook.of_rows(source.node, keys, given, self._policy, before=before)

        return self._loader(("history", source.node, repr(given)), load).load(source.key)

    def _changed(self, name: str, changed: Changed, path: str) -> Any:
        if name not in ("rows", "row"):
            return getattr(changed.outcome if name == "written" else changed, name)
        check_may_read(changed.node, self._given({}, date.max, path))
        rows = [None if id_ is None else self._fetch(changed.node, id_) for id_ in changed.outcome.ids]
        return rows if name == "rows" else rows[0]

    async def _row(self, node: Node, given: dict[str, Any], path: str) -> Row | None:
        if not node.is_place:
            return await self._permitted(*parse_id(given["id"], {node.prefix: node}), path)
        return await self.known(place_key(node, given["code"], "code"), "code")

    async def known(self, code: int, argument: str) -> Row:
        """The place of a code, also where it is no longer in force; a code that no place has is a mistake."""
        node = self._nodes.core[level_of(code)]
        place = await self._fetch(node, code)
        if place is None:
            raise unknown_place(code, argument)
        return place

    def _permitted(self, node: Node, key: int, path: str) -> Awaitable[Row | None]:
        check_may_read(node, self._given({}, date.max, path))
        return self._fetch(node, key)

    def _fetch(self, node: Node, key: int) -> Awaitable[Row | None]:
        async def load(keys: list[int]) -> list[Row | None]:
            statement = rows_of(node, keys, self._given({}, date.max, "").parameters)
            rows = (Row(node, row, self._opening) for row in await self._snapshot.rows(statement))
            found = {row.key: row for row in rows}
            return [found.get(key) for key in keys]

        return self._loader(("row", node), load).load(key)

    def _one(self, link: Link, source: Row, path: str) -> Awaitable[Row | None]:
        here = self._given({}, date.max, path)
        check_may_read(link.target, here)

        async def load(keys: list[int]) -> list[Row | None]:
            rows = await self._snapshot.rows(ones_of(link, source.node, keys, here.parameters))
            found = {row[PARENT]: Row(link.target, row, self._opening) for row in rows}
            return [found.get(key) for key in keys]

        return self._loader(("one", link, source.node), load).load(source.key)

    async def _many(self, link: Link, source: Row | Any, given: dict[str, Any], path: str) -> Page:
        today = await self._snapshot.today()
        if not isinstance(source, Row):
            asked = self._given(given, today, path)
            found = listing(link, asked)
            rows = await self._snapshot.rows(page_of(found, asked.parameters))
            if not rows and given.get("within") is not None:
                # A list of nothing in a place that there is not would look like a place without poor households.
                await self.known(parse_code(given["within"]), f"{path}.within")
            return make_page(found, rows, lambda: self._snapshot.scalar(found.total()), self._opening, self._day)

        async def load(keys: list[int]) -> list[Page]:
            asked = self._given(given, today, path)
            found = listing(link, asked)
            grouped: dict[int, list[Any]] = {key: [] for key in keys}
            for row in await self._snapshot.rows(pages_of(link, found, source.node, keys, asked.parameters)):
                grouped[row[PARENT]].append(row)

            def total(key: int) -> Callable[[], Awaitable[int]]:
                return lambda: self._count_of(link, source.node, key, given, path)

            return [make_page(found, grouped[key], total(key), self._opening, self._day) for key in keys]

        page: Page = await self._loader(("many", link, source.node, path, repr(given)), load).load(source.key)
        return page

    def _count(self, link: Link, source: Row, given: dict[str, Any], path: str) -> Awaitable[int]:
        return self._count_of(link, source.node, source.key, given, path)

    def _count_of(self, link: Link, owner: Node, key: int, given: dict[str, Any], path: str) -> Awaitable[int]:
        counted = {name: value for name, value in given.items() if name in ("filter", "asOf")}

        async def load(keys: list[int]) -> list[int]:
            found = listing(link, self._given(counted, await self._snapshot.today(), path))
            rows = await self._snapshot.rows(totals_of(link, found, owner, keys))
            totals = {row[PARENT]: row["total"] for row in rows}
            return [totals[key] for key in keys]

        return self._loader(("count", link, owner, repr(counted)), load).load(key)

    async def _measure(self, field: MeasureField, source: Row, given: dict[str, Any], path: str) -> Told:
        today = await self._snapshot.today()
        period = period_of(field, self._given(given, today, path))
        request = Input((given,), today)
        boundaries = day_of_boundaries(self._given(given, today, path), period)
        drawn_on = None if boundaries is None else boundaries(request)
        asked = Asked(field, source.node, period(request), today, self._policy, self._past, drawn_on)

        async def load(keys: list[int]) -> list[Cell]:
            found = await measures.cells(self._snapshot, asked, keys)
            return [found.get(key, Cell(None, 0, None)) for key in keys]

        cell: Cell = await self._loader(("measure", field, source.node, asked.period, drawn_on), load).load(source.key)
        return Told(asked, source.key, cell)

    def _requirements(self, kind: RequirementKind, source: Row) -> Awaitable[dict[str, Any]]:
        async def load(keys: list[int]) -> list[dict[str, Any]]:
            given = self._given({}, date.max, "")
            found = await completeness.of_rows(self._snapshot, source.node, kind, keys, given.parameters)
            return [found[key] for key in keys]

        return self._loader(("requirements", kind, source.node), load).load(source.key)

    async def _measure_part(self, name: str, told: Told | dict[str, Any]) -> Any:
        if isinstance(told, dict):
            return told[name]
        match name:
            case "value" | "reported" | "source":
                return getattr(told.cell, name)
            case "isWithheld":
                return not told.cell.is_told
            case "unit":
                return told.asked.field.measure.unit
            case "title":
                return told.asked.field.measure.title
            case "period":
                return told.asked.period
            case "asOf":
                return told.asked.as_of
            case "expected":
                return await self._about(told, measures.expected) or 0
            case "target":
                return await self._about(told, measures.targets)
            case "receipt":
                found = await self._about(told, measures.parts)
                return measures.receipt(told.asked) | {"parts": found or []}
        reached = measures.progress(told, await self._about(told, measures.targets))
        return {
            "gap": reached.gap,
            "progress": reached.progress,
            "expectedByNow": reached.expected_by_now,
            "status": reached.status.name,
        }[name]

    def _about(
        self, told: Told, find: Callable[[Reader, Asked, Sequence[int]], Awaitable[dict[int, Any]]]
    ) -> Awaitable[Any]:
        async def load(keys: list[int]) -> list[Any]:
            found = await find(self._snapshot, told.asked, keys)
            return [found.get(key) for key in keys]

        asked = told.asked
        return self._loader((find, asked.field, asked.node, asked.period, asked.boundaries), load).load(told.key)

    def _loader(self, name: tuple[Any, ...], load: _Load) -> DataLoader[int, Any]:
        if name not in self._loaders:
            self._loaders[name] = DataLoader(load_fn=load)
        return self._loaders[name]

    def _entries(self, name: str, plugin: str | None) -> list[Any]:
        if name == "plugins":
            return list(self._catalogue)
        known = [entry.name for entry in self._catalogue]
        if plugin is not None and plugin not in known:
            raise UserError(
                f"{quoted(plugin)} is not an installed plugin. Installed: {', '.join(known)}.{nearest(plugin, known)}",
                argument=f"{name}.plugin",
            )
        chosen = [entry for entry in self._catalogue if plugin in (None, entry.name)]
        return [item for entry in chosen for item in getattr(entry, name)]

    def _given(self, given: dict[str, Any], today: date, path: str) -> Given:
        """The arguments of one field, for a statement that is run once."""
        stands_on = today if self._past is None else self._past.day
        request = Input((given,), stands_on, self._policy, self._opening.seal, self._past)
        return Given(Once(request), 0, (), given, path)

    @property
    def _day(self) -> date | None:
        return None if self._past is None else self._past.day
