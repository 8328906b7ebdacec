"""What a request gives: each value with the argument it stands in, and how it becomes a parameter of a statement.

A statement is written once for all requests of the same shape. So a value is never put into it: the statement gets a
parameter, and a rule by which the parameter's value follows from what a request gives.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, literal
from sqlalchemy.types import TypeEngine

from bangfu.access import EVERYTHING, Policy
from bangfu.errors import UserError
from bangfu.seal import Seal

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class AsOf:
    """A day in the past of which a request is told, with the values that rows had at its end."""

    day: date
    asked_on: date
    """The day the request itself stands on."""
    zone: str
    """The time zone in which the day ends, as `Asia/Shanghai`."""

    @property
    def moment(self) -> str:
        """When the day is over, as PostgreSQL reads a moment."""
        return f"{self.day + timedelta(days=1)} 00:00:00 {self.zone}"


@dataclass(frozen=True)
class Input:
    """What one request gives: the arguments of each of its fields, the day it stands on, and who asks.

    Beside it the keys by which sealed columns are looked up.
    """

    arguments: Sequence[Arguments]
    today: date
    policy: Policy = EVERYTHING
    seal: Seal | None = None
    as_of: AsOf | None = None
    """The day in the past that it stands on, where it names one; `today` is that day then."""


Rule = Callable[[Input], Any]
"""How a parameter's value follows from what is given; raises UserError where it cannot be."""


class Parameters(Protocol):
    """Where a statement's values come from, and for whom it is."""

    @property
    def policy(self) -> Policy:
        """What the viewer may do; of it the statement depends on the shape alone."""

    @property
    def looks_back(self) -> bool:
        """Whether rows are shown as they were on a day in the past."""

    def add(self, rule: Rule, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """A parameter of the statement; raises UserError where what is given makes no value."""

    def check(self, rule: Rule) -> None:
        """Something that has to hold between values; the rule raises UserError where it does not."""


class Once:
    """Values of a statement that is run for one request."""

    def __init__(self, given: Input) -> None:
        self._given = given

    @property
    def policy(self) -> Policy:
        """That of the one request."""
        return self._given.policy

    @property
    def looks_back(self) -> bool:
        """Whether the one request does."""
        return self._given.as_of is not None

    def add(self, rule: Rule, type_: TypeEngine[Any]) -> BindParameter[Any]:
        """The value itself, as a parameter."""
        return literal(rule(self._given), type_)

    def check(self, rule: Rule) -> None:
        """Checks at once."""
        rule(self._given)


class Kept:
    """Parameters of a statement that is kept: their rules give the values of every later request of the same shape."""

    def __init__(self, given: Input) -> None:
        self._given = given
        self._names: dict[Rule, str] = {}
        self._checks: list[Rule] = []

    @property
    def policy(self) -> Policy:
        """That of the first request; those of later ones have the same shape."""
        return self._given.policy

    @property
    def looks_back(self) -> bool:
        """Whether the first request did; a statement that does is kept by itself."""
        return self._given.as_of is not None

    def add(self, rule: Rule, type_: TypeEngine[Any]) -> BindParameter[Any]:
        """A named parameter without a value; what the present request gives is checked."""
        name = self._names.get(rule)
        if name is None:
            rule(self._given)
            name = self._names[rule] = f"a{len(self._names)}"
        return bindparam(name, None, type_=type_)

    def check(self, rule: Rule) -> None:
        """Checks now, and again with every later request."""
        rule(self._given)
        self._checks.append(rule)

    @property
    def names(self) -> Collection[str]:
        """The names of the parameters."""
        return self._names.values()

    def values(self, given: Input) -> dict[str, Any]:
        """The values of all parameters for a request; raises UserError where it gives what cannot be."""
        found = {name: rule(given) for rule, name in self._names.items()}
        for rule in self._checks:
            rule(given)
        return found


@dataclass(frozen=True)
class Given:
    """A value that a request gives, and the argument it stands in."""

    parameters: Parameters
    field: int
    """Which of the request's fields has the argument."""
    steps: tuple[str | int, ...]
    """The way to the value through the field's arguments."""
    value: Any
    path: str
    """The way as people write it: `households.filter.village.code.eq`."""

    def get(self, name: str) -> "Given | None":
        """The value under a name; None where nothing, or null, is given."""
        found = self.value.get(name)
        return None if found is None else self._at(name, found, f"{self.path}.{name}")

    def at(self, name: str) -> "Given":
        """The value under a name that is given."""
        return self._at(name, self.value[name], f"{self.path}.{name}")

    def without(self, name: str) -> "Given":
        """All that is given but what stands under a name."""
        rest = {key: value for key, value in self.value.items() if key != name}
        return replace(self, value=rest)

    def items(self) -> Iterator[tuple[str, "Given"]]:
        """What is given by name; null is the same as nothing."""
        for name, value in self.value.items():
            if value is not None:
                yield name, self._at(name, value, f"{self.path}.{name}")

    def each(self) -> Iterator["Given"]:
        """The values of a list."""
        for index, value in enumerate(self.value):
            yield self._at(index, value, f"{self.path}[{index}]")

    def bind(self, convert: Callable[[Any, str], Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """The value as a parameter; `convert` is given it and its path, and refuses what cannot be."""
        return self.parameters.add(self.rule(convert), type_)

    def rule(self, convert: Callable[[Any, str], Any]) -> Rule:
        """How the converted value follows from what is given."""
        field, steps, path = self.field, self.steps, self.path

        def found(given: Input) -> Any:  # whatever the conversion makes of it
            value: Any = given.arguments[field]
            for step in steps:
                value = value[step]
            try:  # without `told_of`, which costs more than most conversions
                return convert(value, path)
            except UserError as error:
                _note(error, field)
                raise

        return found

    def refuse(self, message: str) -> UserError:
        """The error that says what is wrong with this argument."""
        return self.told(UserError(message, argument=self.path))

    def told(self, error: UserError) -> UserError:
        """An error that notes in which field of the request it was made."""
        _note(error, self.field)
        return error

    def _at(self, step: str | int, value: Any, path: str) -> "Given":
        return Given(self.parameters, self.field, (*self.steps, step), value, path)


@contextmanager
def told_of(field: int) -> Iterator[None]:
    """Notes on a mistake in which field of the request it was made."""
    try:
        yield
    except UserError as error:
        _note(error, field)
        raise


def _note(error: UserError, field: int) -> None:
    if error.field is None:
        error.field = field


def today(parameters: Parameters) -> ColumnElement[date]:
    """The day the request stands on."""
    return parameters.add(_today, Date())


def _today(given: Input) -> date:
    return given.today
