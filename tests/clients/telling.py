"""What every client is told by the demo district, and how answers are read that several of them give."""

from typing import Any

TOWNSHIP = {"id": "township:620502100", "code": "620502100", "name": "玉泉镇"}
OTHER = {"id": "township:620502101", "code": "620502101", "name": "太京镇"}
GRAPHQL, EVENTS = "application/graphql-response+json", "text/event-stream"


def plain(answer: Any) -> Any:
    """An answer without the `__typename` that some clients ask for by themselves."""
    if isinstance(answer, dict):
        return {name: plain(value) for name, value in answer.items() if name != "__typename"}
    return [plain(each) for each in answer] if isinstance(answer, list) else answer


def check_villages(data: Any) -> None:
    """The first three villages of the district in the order of their codes, as a page of a connection."""
    villages = plain(data)["villages"]
    codes = [edge["node"]["code"] for edge in villages["edges"]]
    assert villages["totalCount"] == 461
    assert codes == sorted(set(codes))
    assert len(codes) == 3
    assert all(edge["node"]["id"] == f"village:{edge['node']['code']}" for edge in villages["edges"])
    assert {edge["node"]["township"]["name"] for edge in villages["edges"]} == {"大城街道"}
    cursors = [edge["cursor"] for edge in villages["edges"]]
    info = villages["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (False, True)


def check_progress(data: Any) -> float:
    """The orchards of the township, in mu."""
    progress = plain(data)["progress"]
    assert (progress["id"], progress["name"]) == (TOWNSHIP["id"], TOWNSHIP["name"])
    area: float = progress["industry"]["orchardArea"]["value"]
    assert area > 0
    return area


def way(part: Any) -> list[tuple[str, Any, int]]:
    """The requests that a part took: method, what each carried, status."""
    return [(each["method"], each["carries"], each["status"]) for each in part["sent"]]
