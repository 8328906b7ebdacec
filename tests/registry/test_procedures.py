"""Each wrong declaration of a procedure is refused at start, with the remedy; a sound one becomes a mutation."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import Integer
from sqlalchemy.orm import mapped_column
from tests.registry.test_refusals import TITLE, plugin, record, refusal

from bangfu import Argument, Household, Person, Place, Plugin, Procedure, day, quantity, row_of, version, whole
from bangfu.declare.records import Dated
from bangfu.domain.places import Succession
from bangfu.registry import assemble

_ON = Argument("on", day(zh="日期", en="Day"))


def does(steps: Any, on: Any = None) -> int:
    return 0


def procedure(on: type[Dated], name: str = "swarm", **given: Any) -> Procedure:
    return Procedure(**{"name": name, "title": TITLE, "on": on, "arguments": (_ON,), "does": does, **given})


def of(*procedures: Procedure, hive: type[Any] | None = None) -> Iterable[Plugin]:
    return [plugin(records=() if hive is None else (hive,), procedures=procedures)]


def _taking(*arguments: Argument) -> Iterable[Plugin]:
    return of(procedure(Household, arguments=arguments, does=lambda steps, **given: 0))


def _twice() -> Iterable[Plugin]:
    hive = record()
    return of(procedure(hive), procedure(hive), hive=hive)


def _as_a_mutation_of_rows() -> Iterable[Plugin]:
    hive = record()
    return of(procedure(hive, "update"), hive=hive)


def _as_two_plugins_have_it() -> Iterable[Plugin]:
    return plugin(procedures=(procedure(Household),)), plugin("honey", procedures=(procedure(Household),))


REFUSED: dict[Callable[[], Iterable[Plugin]], tuple[str, ...]] = {
    _twice: ("'swarm'", "makes 'beesBeehiveSwarm', which is a procedure of plugin 'bees' already", "Rename it"),
    _as_a_mutation_of_rows: ("'update'", "makes 'beesBeehiveUpdate', which is a mutation of its rows", "Rename it"),
    _as_two_plugins_have_it: ("'honey'", "'swarm'", "a procedure of plugin 'bees' already"),
    lambda: of(procedure(Person, "leave")): ("'leave'", "'personLeave', which is a procedure of plugin 'register'"),
    lambda: of(procedure(Household, "Swarm off")): ("procedure 'Swarm off'", "snake case", "lower-case words"),
    lambda: of(procedure(record())): ("'swarm'", "rows of Beehive, which no plugin here declares", "Plugin.records"),
    lambda: of(procedure(Place)): ("'swarm'", "rows of Place,", "which are not entered", "Household, Person or Target"),
    lambda: of(procedure(Household, changes=(Person, Succession))): ("rows of Succession,", "Plugin.records"),
    lambda: _taking(_ON, _ON): ("procedure 'swarm', argument 'on'", "is there twice", "Rename one of them"),
    lambda: _taking(Argument("dayOf", day(zh="日期", en="Day"))): ("argument 'dayOf'", "snake case"),
    lambda: _taking(Argument("dry_run", day(zh="日期", en="Day"))): (
        "'dry_run'",
        "every mutation uses itself",
        "Rename",
    ),
    lambda: _taking(Argument("rows", whole(zh="行", en="Rows"))): ("'rows'", "every mutation uses itself", "Rename"),
    lambda: _taking(Argument("combs", mapped_column(Integer))): ("argument 'combs'", "has no title", "row_of()"),
    lambda: _taking(Argument("honey", quantity("yuann", zh="蜜", en="Honey"))): ("'honey'", "Did you mean 'yuan'?"),
    lambda: _taking(Argument("hive", row_of(record(), zh="蜂箱", en="Hive"))): ("'hive'", "rows of Beehive"),
    lambda: of(procedure(Household, arguments=(_ON, Argument("version", version())))): (
        "procedure 'swarm'",
        "is not called with its arguments (got an unexpected keyword argument 'version')",
        "take the steps, then on, version",
    ),
    lambda: of(procedure(Household, does=lambda steps, on, day: 0)): ("missing a required argument: 'day'", "then on"),
}


@pytest.mark.parametrize("wrong", REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_procedure_is_refused_in_words(wrong: Callable[[], Iterable[Plugin]]) -> None:
    problems = refusal(*wrong())
    assert len(problems) == 1, problems
    assert [part for part in REFUSED[wrong] if part not in problems[0]] == [], problems


def test_a_sound_procedure_is_a_mutation_of_its_record() -> None:
    hive = record()
    platform = assemble([plugin(records=(hive,), procedures=(procedure(hive, "swarm_off"), procedure(Household)))])
    names = [each.name for each in platform.graph.procedures]
    assert names[-2:] == ["beesBeehiveSwarmOff", "householdSwarm"]
    assert "householdMove" in names, "that of the register"
    assert platform.graph.procedures[-2].node.name == "BeesBeehive"
