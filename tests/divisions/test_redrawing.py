"""Plans are drawn on paper first: what they make of codes, and which of them cannot be."""

from dataclasses import replace

import pytest
from tests.divisions.county import DISTRICT, ONE, TODAY, TWO, tables, village

from bangfu.divisions.plan import Merge, Move, Plan, Recode, Rename, Split, Step
from bangfu.divisions.redrawing import Redrawing, Redrawn, Spot
from bangfu.domain.places import PlaceKind

A, B, C = village(ONE, 201), village(ONE, 202), village(ONE, 203)
SPOTS = [Spot(code=row["code"], name=row["name"], kind=row["kind"]) for row in tables()["place"]]
NAMES = {spot.code: spot.name for spot in SPOTS}


def drawn(*steps: Step) -> Redrawn:
    drawing = Redrawing(Plan(district=DISTRICT, on=TODAY, steps=steps), SPOTS)
    assert drawing.rejections == []
    return drawing.drawn()


def refused(*steps: Step) -> list[tuple[int, str | None, str]]:
    drawing = Redrawing(Plan(district=DISTRICT, on=TODAY, steps=steps), SPOTS)
    return [(each.row, each.column, each.code.value) for each in drawing.rejections]


def test_a_name_changes_nothing_else() -> None:
    done = drawn(Rename(place=A, name=" 新村 "))
    assert [(each.code, each.name) for each in done.renamed] == [(A, "新村")]
    assert (done.begun, done.ended, done.moved) == ((), (), {})
    assert [(each.predecessor, each.successor, each.kind.name, each.former_name) for each in done.lineage] == [
        (A, A, "RENAMED", NAMES[A])
    ]


def test_a_new_code_takes_along_all_places_inside() -> None:
    done = drawn(Recode(place=B, code=village(ONE, 250)))
    inside = [code for code in NAMES if B < code < B + 1000]
    assert inside
    assert done.moved == {code: code - B + village(ONE, 250) for code in (B, *inside)}
    assert done.followed == set(done.moved)
    assert {each.name for each in done.begun} == {NAMES[code] for code in done.moved}
    assert {each.kind.name for each in done.lineage} == {"RECODED"}


def test_who_moves_keeps_the_last_digits_where_they_are_free() -> None:
    to = DISTRICT + 203_000_000
    assert village(to, 202) not in NAMES
    done = drawn(Move(place=B, to=to))
    assert done.moved[B] == village(to, 202)
    assert [each.kind.name for each in done.lineage if each.predecessor == B] == ["MOVED"]
    assert {each.kind.name for each in done.lineage if each.predecessor != B} == {"RECODED"}


def test_who_moves_gets_the_next_number_where_they_are_not() -> None:
    used = max(code for code in NAMES if TWO < code < TWO + 10**6 and code % 1000 == 0)
    done = drawn(Move(place=B, to=TWO), Move(place=C, to=TWO))
    assert [done.moved[B], done.moved[C]] == [used + 1000, used + 2000]


def test_villages_become_one_of_them() -> None:
    done = drawn(Merge(places=(A, B), into=A, name="合村"))
    assert done.moved[B] == A
    assert B not in done.followed
    inside = [code for code in NAMES if B < code < B + 1000]
    assert all(A < done.moved[code] < A + 1000 and code in done.followed for code in inside)
    assert len({done.moved[code] for code in inside}) == len(inside)
    assert [each.name for each in done.renamed] == ["合村"]


def test_villages_become_a_new_one() -> None:
    new = village(ONE, 260)
    done = drawn(Merge(places=(A, C), into=new, name="新村", kind=PlaceKind.COMMUNITY))
    assert {done.moved[A], done.moved[C]} == {new}
    assert [(each.name, each.kind) for each in done.begun if each.code == new] == [("新村", PlaceKind.COMMUNITY)]


def test_townships_merge_with_their_villages() -> None:
    done = drawn(Merge(places=(ONE,), into=TWO))
    villages = [code for code in NAMES if ONE < code < ONE + 10**6 and code % 1000 == 0]
    assert done.moved[ONE] == TWO
    assert all(TWO < done.moved[code] < TWO + 10**6 for code in villages)
    assert len({*done.moved.values()}) == len(done.moved)


def test_a_part_becomes_a_village_of_its_own() -> None:
    parts = tuple(code for code in NAMES if B < code < B + 1000)[:1]
    done = drawn(Split(place=B, name="分村", places=parts))
    (new,) = [each for each in done.begun if each.name == "分村"]
    assert done.moved == {parts[0]: new.code + parts[0] % 1000}
    assert new.kind is PlaceKind.VILLAGE
    assert [(each.predecessor, each.successor) for each in done.lineage if each.kind.name == "SPLIT"] == [(B, new.code)]


@pytest.mark.parametrize(
    ("step", "column", "code"),
    [
        (Rename(place=A + 999, name="x"), "place", "UNKNOWN_PLACE"),
        (Rename(place=A, name=" "), "name", "MISSING"),
        (Rename(place=A, name="長" * 101), "name", "TOO_LONG"),
        (Recode(place=A, code=B), "code", "DUPLICATE"),
        (Recode(place=A, code=village(TWO, 290)), "code", "OUT_OF_RANGE"),
        (Recode(place=A, code=A + 1), "code", "OUT_OF_RANGE"),
        (Recode(place=DISTRICT, code=DISTRICT + 10**9), "place", "WRONG_LEVEL"),
        (Move(place=A, to=B), "to", "WRONG_LEVEL"),
        (Move(place=A, to=ONE), "to", "CHECK_FAILED"),
        (Move(place=A, to=TWO, code=village(ONE, 290)), "code", "OUT_OF_RANGE"),
        (Move(place=A, to=TWO, code=village(TWO, 201)), "code", "DUPLICATE"),
        (Move(place=A, to=DISTRICT + 900_000_000), "to", "UNKNOWN_PLACE"),
        (Merge(places=(), into=A), "places", "MISSING"),
        (Merge(places=(A, ONE), into=B), "into", "WRONG_LEVEL"),
        (Merge(places=(A,), into=A), "places", "CHECK_FAILED"),
        (Merge(places=(A, B), into=village(ONE, 260)), "name", "MISSING"),
        (Merge(places=(A, B), into=DISTRICT + 900_201_000, name="x"), "into", "UNKNOWN_PLACE"),
        (Split(place=A, name="x"), "places", "MISSING"),
        (Split(place=A, name="x", places=(B,)), "places", "UNKNOWN_PLACE"),
        (Split(place=ONE, name="x", households=(1,)), "households", "WRONG_LEVEL"),
        (Split(place=A, name="x", code=village(TWO, 290), households=(1,)), "code", "OUT_OF_RANGE"),
        (Split(place=A, name="x", code=A, households=(1,)), "code", "DUPLICATE"),
    ],
)
def test_a_step_that_cannot_be_is_told(step: Step, column: str, code: str) -> None:
    assert refused(Rename(place=C, name="先"), step) == [(1, column, code)]


@pytest.mark.parametrize(
    "second",
    [
        Recode(place=A, code=village(ONE, 251)),
        Rename(place=A, name="x"),
        Merge(places=(A, C), into=C),
        Merge(places=(C,), into=A),
        Merge(places=(ONE,), into=TWO),
        Rename(place=village(ONE, 250), name="x"),
    ],
)
def test_a_place_is_changed_by_one_step_only(second: Step) -> None:
    assert [each[2] for each in refused(Recode(place=A, code=village(ONE, 250)), second)] == ["CHECK_FAILED"]


def test_a_step_that_cannot_be_leaves_all_as_it_was_for_the_next() -> None:
    plan = Plan(
        district=DISTRICT,
        on=TODAY,
        steps=(Merge(places=(A, B), into=DISTRICT + 900_201_000, name="x"), Rename(place=A, name="y")),
    )
    drawing = Redrawing(plan, SPOTS)
    assert [each.row for each in drawing.rejections] == [0]
    assert [each.name for each in drawing.drawn().renamed] == ["y"]


def test_a_place_that_is_known_to_end_is_left_alone() -> None:
    """What happens then has been said of it as it is."""
    inside = next(spot for spot in SPOTS if B < spot.code < B + 1000)
    spots = [replace(each, ends_on=TODAY) if each is inside else each for each in SPOTS]
    for step in (
        Rename(place=inside.code, name="x"),
        Recode(place=B, code=village(ONE, 250)),
        Merge(places=(B,), into=A),
    ):
        drawing = Redrawing(Plan(district=DISTRICT, on=TODAY, steps=(step,)), spots)
        assert [(each.column, each.code.value) for each in drawing.rejections] == [("place", "CHECK_FAILED")]
        assert str(TODAY) in drawing.rejections[0].message.en


def test_all_numbers_in_use_are_told() -> None:
    full = [Spot(code=village(TWO, number), name="x", kind=PlaceKind.VILLAGE) for number in range(1, 1000)]
    plan = Plan(district=DISTRICT, on=TODAY, steps=(Move(place=A, to=TWO),))
    drawing = Redrawing(plan, [*SPOTS, *full])
    assert [each.code.value for each in drawing.rejections] == ["OUT_OF_RANGE"]
    gap = Redrawing(
        plan, [*(each for each in SPOTS if each.code // 10**6 != TWO // 10**6 or each.code == TWO), *full[1:]]
    )
    assert gap.drawn().moved[A] == village(TWO, 1)
