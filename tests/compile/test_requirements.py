"""What is required of rows is told alike by one statement and field by field, wherever a row stands."""

import pytest
from tests.compile.paths import Paths

WHOLE = """isComplete met asked missing {
    name plugin group groupTitle { zh en } title { zh en } mutation column __typename
} __typename"""

DOCUMENTS = {
    "rows of a list": f"""{{ households(within: "620502101", first: 40) {{ nodes {{ id
        completeness {{ {WHOLE} }} consistency {{ {WHOLE} }} again: completeness {{ asked }} }} }} }}""",
    "beside measures and a cursor": """{ households(within: "620502", first: 3, orderBy: [{ houseArea: DESC }]) {
        edges { cursor node { id completeness { missing { name } } register { oneHeadRate { value } } } }
        pageInfo { hasNextPage endCursor } } }""",
    "villages below a township": f"""{{ township(code: "620502108") {{ villages(first: 200) {{ totalCount nodes {{
        code completeness {{ {WHOLE} }} register {{ completeVillages {{ value }} }} }} }} }} }}""",
    "members of a household": f"""{{ household(id: "household:620502000000340") {{ id
        members {{ nodes {{ id consistency {{ {WHOLE} }} household {{ completeness {{ {WHOLE} }} }} }} }} }} }}""",
    "one by one": f"""{{ node(id: "household:620502000000002") {{ ... on Household {{ completeness {{ {WHOLE} }} }} }}
        village(code: "620502108207") {{ completeness {{ {WHOLE} }} }} }}""",
    "to be visited": """{ households(within: "620502101", first: 30, filter: {
        completeness: { isComplete: { eq: false }, register: { hasHelpMeasure: { eq: true } } } }) {
        totalCount nodes { id completeness { isComplete missing { name } } } } }""",
    "not asked": """{ households(within: "620502101", first: 30, filter: {
        completeness: { register: { helpMeasureDueOnKnown: { isNull: true } } } }) {
        totalCount nodes { id completeness { asked missing { name } } } } }""",
    "some with a gap": """{ villages(within: "620502", first: 500, filter: { or: [
        { completeness: { isComplete: { eq: false } } },
        { households: { some: { consistency: { isComplete: { eq: false } } } } } ] }) {
        totalCount nodes { code completeness { missing { name } } } } }""",
    "no keys but one": """{ households(within: "620502101", first: 5) { nodes { completeness { met } } } }""",
    "keys that are no names of columns": """{ households(within: "620502101", first: 30) { nodes { completeness {
        missing { _number: name q0: group
            keyThatIsLongerThanTheNamesOfColumnsMayBeInPostgreSQLForAllWeKnow: column } } } } }""",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_both_paths_tell_the_same(paths: Paths, name: str) -> None:
    compiled, plain = paths.both(DOCUMENTS[name])
    assert "errors" not in compiled, compiled
    assert compiled == plain


def test_what_is_looked_for_is_found(paths: Paths) -> None:
    """Else the other tests of this file would compare lists of nothing."""
    found = paths.compiled(DOCUMENTS["to be visited"])["data"]["households"]
    assert found["totalCount"] > 10
    assert {each["completeness"]["isComplete"] for each in found["nodes"]} == {False}
    missing = {one["name"] for each in found["nodes"] for one in each["completeness"]["missing"]}
    assert len(missing) > 3
    assert "register.has_help_measure" not in missing
