"""Draws divisions anew: from the places there are and a plan to the places there will be. Opens nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from bangfu.declare.codes import SPANS, ancestor, code_range, level_of, official_code
from bangfu.declare.grain import Grain
from bangfu.declare.text import Text
from bangfu.divisions.plan import Merge, Move, Plan, Recode, Rename, Split, Step
from bangfu.domain.places import PlaceKind, SuccessionKind
from bangfu.write.outcome import Code, Rejection

_NUMBERS = 1000
"""Places that one place can have below it; the number 0 is its own."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place, as far as divisions are concerned."""

    code: int
    name: str
    kind: PlaceKind
    is_in_force: bool = True
    ends_on: date | None = None
    """The day from which on it is known to be no more, where that is to come."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What followed what, and how."""

    predecessor: int
    successor: int
    kind: SuccessionKind
    former_name: str


@dataclass(frozen=True, kw_only=True)
class Redrawn:
    """What a plan makes of the places of a district."""

    begun: tuple[Spot, ...]
    ended: tuple[int, ...]
    renamed: tuple[Spot, ...]
    moved: dict[int, int]
    """Where everything comes to lie that lay in a place, for each place that ends."""

    households: dict[int, tuple[int, int]]
    """Households that come to lie in a part that is split off: from where, and in which place."""

    followed: frozenset[int]
    """Of the places in `moved` those that go on as they were, under another code; the others become part of one."""

    lineage: tuple[Lineage, ...]


@dataclass
class _State:
    """How far the steps have come."""

    spots: dict[int, Spot]
    touched: dict[int, int] = field(default_factory=dict)
    """The step that has changed a place or made it."""

    moved: dict[int, int] = field(default_factory=dict)
    followed: set[int] = field(default_factory=set)
    households: dict[int, tuple[int, int]] = field(default_factory=dict)
    renamed: set[int] = field(default_factory=set)
    lineage: list[Lineage] = field(default_factory=list)

    def copy(self) -> "_State":
        """The same, to go back to."""
        return _State(
            dict(self.spots),
            dict(self.touched),
            dict(self.moved),
            set(self.followed),
            dict(self.households),
            set(self.renamed),
            list(self.lineage),
        )


class Redrawing:
    """Takes steps one after the other; a step that cannot be is told, and leaves all as it was."""

    def __init__(self, plan: Plan, places: Iterable[Spot]) -> None:
        self._state = _State({each.code: each for each in places})
        self._before = frozenset(self._state.spots)
        self.rejections: list[Rejection] = []
        for number, step in enumerate(plan.steps):
            before = self._state.copy()
            try:
                self._take(number, step)
            except _CannotBeError as error:
                self._state = before
                told = Rejection(row=number, column=error.column, code=error.code, message=error.message)
                self.rejections.append(told)

    def drawn(self) -> Redrawn:
        """What comes of the steps."""
        begun = [each for code, each in self._state.spots.items() if each.is_in_force and code not in self._before]
        return Redrawn(
            begun=tuple(sorted(begun, key=lambda each: each.code)),
            ended=tuple(sorted(self._state.moved)),
            renamed=tuple(self._state.spots[code] for code in sorted(self._state.renamed)),
            moved=dict(self._state.moved),
            households=dict(self._state.households),
            followed=frozenset(self._state.followed),
            lineage=tuple(self._state.lineage),
        )

    def _take(self, number: int, step: Step) -> None:
        match step:
            case Rename():
                self._rename(number, step)
            case Recode():
                old = self._known(step.place, "place", number)
                if ancestor_of(step.code) != ancestor_of(old.code):
                    zh, en = (
                        "新代碼應屬於同一上級。",
                        "The new code has to lie in the same place; to move it, say `move`.",
                    )
                    raise _CannotBeError("code", Code.OUT_OF_RANGE, zh, en)
                self._carry(number, old, self._free(step.code, level_of(old.code), "code"), SuccessionKind.RECODED)
            case Move():
                old = self._known(step.place, "place", number)
                above = self._known(step.to, "to", None)
                self._check_above(old, above)
                code = self._code_in(above.code, old.code, step.code)
                self._carry(number, old, code, SuccessionKind.MOVED)
            case Merge():
                self._merge(number, step)
            case Split():
                self._split(number, step)

    def _rename(self, number: int, step: Rename) -> None:
        old = self._known(step.place, "place", number, is_district_fine=True)
        self._state.touched[old.code] = number
        self._state.renamed.add(old.code)
        self._state.spots[old.code] = Spot(code=old.code, name=_named(step.name), kind=old.kind)
        self._note(old, old.code, SuccessionKind.RENAMED)

    def _merge(self, number: int, step: Merge) -> None:
        olds = [self._known(code, "places", number) for code in dict.fromkeys(step.places)]
        if not olds:
            raise _CannotBeError(
                "places", Code.MISSING, "至少要有一個被合併的地方。", "There is no place to be merged."
            )
        grain = level_of(olds[0].code)
        if any(level_of(each.code) is not grain for each in olds) or level_of(step.into) is not grain:
            raise _CannotBeError(
                "into", Code.WRONG_LEVEL, "合併的地方應屬同一層級。", "Only places of one level merge."
            )
        there = self._state.spots.get(step.into)
        joining = [each for each in olds if each.code != step.into]
        if there is None:
            if step.name is None:
                zh, en = (
                    f"沒有代碼為{_said(step.into)}的地方；新設應填名稱。",
                    "A place that is not there yet takes a name.",
                )
                raise _CannotBeError("name", Code.MISSING, zh, en)
            self._check_code(step.into, grain, "into")
            self._begin(number, Spot(code=step.into, name=_named(step.name), kind=step.kind or olds[0].kind))
        else:
            into = self._known(step.into, "into", None)
            if not joining:
                raise _CannotBeError("places", Code.CHECK_FAILED, "不能與自身合併。", "A place does not join itself.")
            if step.name is not None and step.name != into.name:
                self._rename(number, Rename(place=into.code, name=step.name))
            self._state.touched[into.code] = number
        for each in joining:
            for below in self._below(each.code):
                self._carry(number, below, self._code_in(step.into, below.code, None), SuccessionKind.RECODED)
            self._end(number, each, step.into, SuccessionKind.MERGED)

    def _split(self, number: int, step: Split) -> None:
        old = self._known(step.place, "place", number)
        grain = level_of(old.code)
        parts = [self._known(code, "places", number) for code in dict.fromkeys(step.places)]
        if not parts and not step.households:
            zh, en = "應說明拆出哪些地方或農戶。", "It has to be said which places or households are split off."
            raise _CannotBeError("places", Code.MISSING, zh, en)
        if any(ancestor_of(each.code) != old.code for each in parts):
            raise _CannotBeError(
                "places", Code.UNKNOWN_PLACE, "只能拆出其下級地方。", "Only places inside it are split off."
            )
        if step.households and grain not in (Grain.VILLAGE, Grain.NATURAL_VILLAGE):
            zh, en = "只有村和自然村能按戶拆分。", "Only villages and natural villages are split by households."
            raise _CannotBeError("households", Code.WRONG_LEVEL, zh, en)
        if clashing := [each for each in step.households if each in self._state.households]:
            told = "、".join(map(str, clashing))
            zh, en = f"該戶已在另一步驟中：{told}。", f"Another step has these households already: {told}."
            raise _CannotBeError("households", Code.DUPLICATE, zh, en)
        above = ancestor_of(old.code)
        code = self._next(above, old.code) if step.code is None else self._free(step.code, grain, "code")
        if ancestor_of(code) != above:
            raise _CannotBeError(
                "code", Code.OUT_OF_RANGE, "新代碼應屬於同一上級。", "The new code has to lie beside it."
            )
        self._begin(number, Spot(code=code, name=_named(step.name), kind=step.kind or old.kind))
        self._state.touched[old.code] = number
        self._note(old, code, SuccessionKind.SPLIT)
        for each in parts:
            self._carry(number, each, self._code_in(code, each.code, None), SuccessionKind.RECODED)
        self._state.households |= dict.fromkeys(step.households, (old.code, code))

    def _carry(self, number: int, old: Spot, code: int, kind: SuccessionKind) -> None:
        """A place goes on under another code, with all places inside."""
        first, last = code_range(old.code)
        going = [each for each in self._state.spots.values() if first <= each.code <= last and each.is_in_force]
        for each in going:
            if self._state.touched.get(each.code, number) != number:
                raise _busy(each.code, self._state.touched[each.code], "place")
            if each.ends_on is not None:
                raise _ending(each, "place")
        for each in sorted(going, key=lambda each: each.code):
            new = code + (each.code - old.code)
            self._begin(number, Spot(code=new, name=each.name, kind=each.kind))
            self._end(number, each, new, kind if each is old else SuccessionKind.RECODED)
            self._state.followed.add(each.code)

    def _begin(self, number: int, spot: Spot) -> None:
        self._state.spots[spot.code] = spot
        self._state.touched[spot.code] = number

    def _end(self, number: int, old: Spot, successor: int, kind: SuccessionKind) -> None:
        self._state.spots[old.code] = Spot(code=old.code, name=old.name, kind=old.kind, is_in_force=False)
        self._state.touched[old.code] = number
        self._state.moved[old.code] = successor
        self._note(old, successor, kind)

    def _note(self, old: Spot, successor: int, kind: SuccessionKind) -> None:
        self._state.lineage.append(Lineage(predecessor=old.code, successor=successor, kind=kind, former_name=old.name))

    def _known(self, code: int, column: str, number: int | None, *, is_district_fine: bool = False) -> Spot:
        """A place that is in force; with the number of a step, one that no other step has changed."""
        found = self._state.spots.get(code)
        if found is None or (not found.is_in_force and code not in self._state.touched):
            zh, en = f"沒有代碼為{_said(code)}的現行地方。", f"There is no place {_said(code)} in force."
            raise _CannotBeError(column, Code.UNKNOWN_PLACE, zh, en)
        if (number is not None and self._state.touched.get(code, number) != number) or not found.is_in_force:
            raise _busy(code, self._state.touched[code], column)
        if found.ends_on is not None:
            raise _ending(found, column)
        if level_of(code) is Grain.DISTRICT and number is not None and not is_district_fine:
            raise _CannotBeError(column, Code.WRONG_LEVEL, "區縣只能更名。", "A district can only be renamed.")
        return found

    def _below(self, code: int) -> list[Spot]:
        """The places in force that lie directly in one."""
        found = [each for each in self._state.spots.values() if each.is_in_force and ancestor_of(each.code) == code]
        return sorted(found, key=lambda each: each.code)

    def _check_above(self, old: Spot, above: Spot) -> None:
        if level_of(above.code).value + 1 != level_of(old.code).value:
            zh, en = f"{level_of(old.code).title.zh}只能劃到其上一級。", "A place lies in one of the level above."
            raise _CannotBeError("to", Code.WRONG_LEVEL, zh, en)
        if ancestor_of(old.code) == above.code:
            raise _CannotBeError("to", Code.CHECK_FAILED, "已屬於該地方。", "It lies there already.")

    def _code_in(self, above: int, like: int, given: int | None) -> int:
        """The code of a place below another: the one that is given, the same last digits, or the next ones."""
        grain = level_of(like)
        if given is not None:
            if ancestor_of(self._free(given, grain, "code")) != above:
                zh, en = f"新代碼應屬於{_said(above)}。", f"The new code has to lie in {_said(above)}."
                raise _CannotBeError("code", Code.OUT_OF_RANGE, zh, en)
            return given
        same = above + like % (SPANS[grain] * _NUMBERS)
        return same if same not in self._state.spots else self._next(above, like)

    def _next(self, above: int, like: int) -> int:
        """The first number below a place after those in use, or else one that was never used."""
        span = SPANS[level_of(like)]
        used = {each // span % _NUMBERS for each in self._state.spots if above < each < above + span * _NUMBERS}
        last = max(used, default=0)
        free = (
            last + 1 if last + 1 < _NUMBERS else next((each for each in range(1, _NUMBERS) if each not in used), None)
        )
        if free is None:
            zh, en = f"{_said(above)}之下已無空號。", f"No number is left in {_said(above)}."
            raise _CannotBeError("code", Code.OUT_OF_RANGE, zh, en)
        return above + free * span

    def _free(self, code: int, grain: Grain, column: str) -> int:
        self._check_code(code, grain, column)
        if code in self._state.spots:
            zh, en = (
                f"代碼{_said(code)}已用過，不能再用。",
                f"The code {_said(code)} is or was in use; none is used twice.",
            )
            raise _CannotBeError(column, Code.DUPLICATE, zh, en)
        return code

    def _check_code(self, code: int, grain: Grain, column: str) -> None:
        if level_of(code) is not grain:
            zh, en = f"應填{grain.title.zh}的代碼。", f"This has to be the code of a {grain.title.en.lower()}."
            raise _CannotBeError(column, Code.WRONG_LEVEL, zh, en)
        above = self._state.spots.get(ancestor_of(code))
        if above is None or not above.is_in_force:
            zh, en = f"{_said(code)}不在任何現行地方之內。", f"{_said(code)} lies in no place in force."
            raise _CannotBeError(column, Code.UNKNOWN_PLACE, zh, en)


class _CannotBeError(Exception):
    """A step that cannot be taken: why, and which part of it is meant."""

    def __init__(self, column: str, code: Code, zh: str, en: str) -> None:
        super().__init__(en)
        self.column = column
        self.code = code
        self.message = Text(zh, en)


def ancestor_of(code: int) -> int:
    """The code of the place of the level above; of a district its own."""
    grain = level_of(code)
    return code if grain is Grain.DISTRICT else ancestor(code, Grain(grain.value - 1))


def _busy(code: int, step: int, column: str) -> _CannotBeError:
    zh = f"第{step + 1}步已改動{_said(code)}；請另作一次調整。"
    en = f"Step {step + 1} changes {_said(code)} already; make that another reorganisation."
    return _CannotBeError(column, Code.CHECK_FAILED, zh, en)


def _ending(spot: Spot, column: str) -> _CannotBeError:
    zh = f"{_said(spot.code)}已定於{spot.ends_on}撤銷，不能在此之前再作調整。"
    en = f"{_said(spot.code)} is known to end on {spot.ends_on}: what happens before that cannot be changed any more."
    return _CannotBeError(column, Code.CHECK_FAILED, zh, en)


def _named(name: str) -> str:
    kept = name.strip()
    if not kept:
        raise _CannotBeError("name", Code.MISSING, "須填名稱。", "A place has a name.")
    if len(kept) > 100:
        raise _CannotBeError("name", Code.TOO_LONG, "名稱最長100字。", "A name has at most 100 characters.")
    return kept


def _said(code: int) -> str:
    return official_code(code)
