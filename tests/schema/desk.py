"""A desk at which somebody enters rows through the graph, and looks at what is then in the database."""

import asyncio
from typing import Any

from sqlalchemy import text

from bangfu.access import Viewer
from bangfu.store import Database
from bangfu_schema import Graph, Observed, decoded

DISTRICT = 620502
BASE = DISTRICT * 10**9
HOME = f"household:{BASE + 1}"

PLANTING = {
    "household": HOME,
    "kind": "ORCHARD",
    "crop": "蘋果",
    "area": 2.5,
    "plantedOn": "2015-03-05",
    "isNew": True,
    "isSupported": False,
}
ERRORS = "errors { row path code suggestion message english: message(language: EN) }"


class Desk:
    """Sends documents as one viewer; without one, as the process itself."""

    def __init__(self, graph: Graph, database: Database, runner: asyncio.Runner, viewer: Viewer | None = None) -> None:
        self.graph = graph
        self.database = database
        self.runner = runner
        self.viewer = viewer

    def of(self, *permissions: str, place: int = BASE, name: str = "小李") -> "Desk":
        """The desk of somebody else."""
        viewer = Viewer(name, places=(place,), permissions=frozenset(permissions), token_id="t1")
        return Desk(self.graph, self.database, self.runner, viewer)

    def answer(
        self, document: str, variables: dict[str, Any] | None = None, observed: Observed | None = None
    ) -> dict[str, Any]:
        """The whole response."""
        return self.runner.run(self._answer(document, variables, observed))

    async def _answer(
        self, document: str, variables: dict[str, Any] | None, observed: Observed | None
    ) -> dict[str, Any]:
        given: dict[str, Any] = {"viewer": self.viewer, "request_id": "r-1", "observed": observed}
        return decoded(await self.graph.execute(self.database, document, variables, **given))

    def change(self, name: str, rows: list[dict[str, Any]], shown: str = "id version", **how: Any) -> dict[str, Any]:
        """The payload of one mutation; fails where there is an error of the request."""
        found = self.answer(*asked(name, rows, shown, **how))
        assert "errors" not in found, found
        payload: dict[str, Any] = found["data"][name]
        return payload

    def refused(self, name: str, rows: list[dict[str, Any]], shown: str = "id version", **how: Any) -> dict[str, Any]:
        """The one error with which a mutation as a whole is refused."""
        found = self.answer(*asked(name, rows, shown, **how))
        assert found.get("data") in (None, {name: None}), found
        (error,) = found["errors"]
        assert isinstance(error, dict)
        return error

    def log(self) -> list[dict[str, Any]]:
        """The entries in the log of changes."""
        return self.rows("SELECT * FROM change_set ORDER BY district_code, number")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What a statement finds."""
        with self.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql)).mappings()]

    def version(self, table: str, id_: int) -> int:
        """Which version a row is."""
        (row,) = self.rows(f"SELECT version FROM {table} WHERE id = {id_}")
        return int(row["version"])


def asked(name: str, rows: list[dict[str, Any]], shown: str = "id version", **how: Any) -> tuple[str, dict[str, Any]]:
    """The document of one mutation, and its variables."""
    types = {"Create": "Input", "Update": "Update"}
    subject, ending = name[:-6], name[-6:]
    row = "RowVersion" if ending == "Delete" else f"{subject[0].upper()}{subject[1:]}{types[ending]}"
    document = f"""mutation ($rows: [{row}!]!, $dryRun: Boolean! = false, $partial: Boolean! = false, $key: String) {{
      {name}(rows: $rows, dryRun: $dryRun, partial: $partial, idempotencyKey: $key) {{
        written entries {ERRORS} {f"rows {{ {shown} }}" if shown else ""}
      }}
    }}"""
    return document, {"rows": rows, **how}


def wrong(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with which rows, in short."""
    return [(".".join(each["path"]), each["code"]) for each in payload["errors"]]
