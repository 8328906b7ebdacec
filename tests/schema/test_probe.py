"""`{ __typename }` is answered without the executor, exactly where the executor would say the same."""

from datetime import date

import pytest

from bangfu.store import Database
from bangfu_schema import Graph, decoded
from bangfu_schema.execute.probe import probe

pytestmark = pytest.mark.anyio

ALIKE = ["{ __typename }", "query A { a: __typename __typename b: __typename a: __typename }"]
OTHERS = [
    "{ __typename @skip(if: true) }",
    "{ ... { __typename } }",
    'query ($x: Int!) { __typename @include(if: true) a: villages(within: "620502", first: $x) { totalCount } }',
    "{ __typename plugins { name } }",
]


@pytest.mark.parametrize("document", ALIKE)
async def test_it_answers_as_the_executor_does(graph: Graph, demo_database: Database, document: str) -> None:
    _, operation = graph.documents.find(document, None)
    found = probe(graph.compiler.schema, operation)
    assert found is not None
    executed = await graph.execute(demo_database, f"{document[:-1]} plugins {{ name }} }}", today=date(2015, 12, 31))
    expected = {name: value for name, value in decoded(executed)["data"].items() if name != "plugins"}
    assert (list(found), found) == (list(expected), expected)
    assert decoded(await graph.execute(demo_database, document)) == {"data": found}
    await demo_database.aclose()


@pytest.mark.parametrize("document", OTHERS)
def test_it_leaves_everything_else_to_the_executor(graph: Graph, document: str) -> None:
    _, operation = graph.documents.find(document, None)
    assert probe(graph.compiler.schema, operation) is None
