"""The small district in a real database, and what the demo district says to a mistake."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.query.small import Small

from bangfu.store import Database
from bangfu_schema import Graph
from bangfu_testing import Postgres, answer


@pytest.fixture(scope="module")
def small(postgres: Postgres) -> Iterator[Small]:
    """The small district, ready to be asked and to be recomputed."""
    with postgres.fresh() as database, Small.loaded(database) as ready:
        yield ready


@pytest.fixture(scope="module")
def told(graph: Graph, demo_database: Database) -> Any:
    """The one error a document gives."""

    def tell(document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        found = answer(graph, demo_database, document, variables)
        assert "errors" in found, f"answered in silence: {str(found)[:200]}"
        (error,) = found["errors"]
        for inside in ("Traceback", "sqlalchemy", "psycopg", "SELECT", 'File "', "site-packages"):
            assert inside not in error["message"]
        assert isinstance(error, dict)
        return error

    return tell
