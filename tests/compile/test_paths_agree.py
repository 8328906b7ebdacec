"""One statement answers what is answered field by field: random questions over the whole schema and odd rows."""

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries
from tests.compile.paths import EXAMPLES, Paths
from tests.compile.tame import Tame

from bangfu.registry import discover
from bangfu_schema import Graph

PARTS: tuple[tuple[str, ...], ...] = (
    ("district", "townships", "targets"),
    ("village", "villages", "naturalVillages"),
    ("household", "households", "person", "node"),
    ("industry", "infrastructure", "publicServices", "register"),
    ("funding", "capacity", "partyBuilding", "districts"),
)
CODES = ("620502", "620502101", "620502108", "620502108207", "620502101202", "620502108207001")
IDS = (
    "district:620502",
    "township:620502108",
    "village:620502108207",
    "household:620502000000340",
    "household:620502000006820",
    "person:620502000001577",
    "fundingLoanDemand:620502000000003",
)
SCALARS = {
    "PlaceCode": st.sampled_from([*CODES, *CODES, "620599", "62"]).map(nodes.String),
    "Period": st.sampled_from(["2015", "2015", "2014", "2015-Q3", "2014/2015", "2015-08", "2016", "never"]).map(
        nodes.String
    ),
    "Date": st.sampled_from(["2015-01-01", "2015-12-31", "2014-02-28", "1999-09-09", "2015-02-30"]).map(nodes.String),
    "Decimal": st.one_of(
        st.integers(-10, 100_000).map(nodes.Int),
        st.sampled_from([0.0, 0.25, 1.5, 9999999999999.99, 1e300]).map(nodes.Float),
    ),
}


@cache
def _questions(fields: tuple[str, ...]) -> Any:
    schema = Graph(discover()).compiler.schema
    return queries(
        schema, fields=fields, custom_scalars=SCALARS, print_ast=Tame(schema, IDS), allow_x00=False, allow_null=False
    )


@pytest.mark.parametrize("fields", PARTS, ids=lambda fields: fields[0])
@settings(
    max_examples=EXAMPLES // len(PARTS),
    deadline=None,
    derandomize=EXAMPLES <= 200,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a question of this size takes minutes to make smaller
)
@given(data=st.data())
def test_both_paths_answer_alike(paths: Paths, fields: tuple[str, ...], data: st.DataObject) -> None:
    """Values, nulls, errors and their places, to the last key."""
    document = data.draw(_questions(fields))
    compiled, plain = paths.both(document)
    event("refused" if "errors" in compiled else "answered")
    assert compiled == plain


@pytest.mark.parametrize(
    "document",
    [
        # Links inside each other, beside one that must not be, in a list below a row.
        """{ district(code: "620502") { households(filter: { members: { none: { publicServices: {
          carePlacements: { every: { and: [] } none: { and: [] } }
          pensions: { some: { accountAmount: { eq: 0 } } every: { accountAmount: { eq: 1 } } }
        } } } }) { totalCount } } }""",
        # Mistakes in two fields, the second of which is told of without a look at the day.
        """{ village(code: "620502101") { name }
          villages(within: "620502108", filter: { id: { ne: "-560557" } }) { totalCount } }""",
    ],
)
def test_what_once_differed_does_so_no_more(paths: Paths, document: str) -> None:
    compiled, plain = paths.both(document)
    assert compiled == plain
