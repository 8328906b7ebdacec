"""Each wrong declaration is refused at start, with the plugin, the thing and the remedy in the message."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.metadata import EntryPoint
from itertools import count
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bangfu import (
    STOCK,
    Choice,
    Grain,
    Household,
    HouseholdRecord,
    Indicator,
    Measure,
    Plugin,
    Ratio,
    Sensitive,
    Text,
    Unit,
    VillageRecord,
    choice,
    deprecated,
    hookimpl,
    quantity,
    text,
    whole,
)
from bangfu.declare.records import Record
from bangfu.errors import DeclarationError
from bangfu.registry import assemble, discover, discovery

TITLE = Text("某", "Some")
_numbers = count()


def record(name: str = "Beehive", *, plugin: str = "bees", title: Text | None = TITLE, **columns: Any) -> type[Record]:
    """A village record of its own; `columns` are its columns."""
    body: dict[str, Any] = {
        "__module__": f"{__name__}.{next(_numbers)}",  # SQLAlchemy warns of two classes of one name in one module
        "__doc__": "A beehive.",
        "__plugin__": plugin,
        "__annotations__": {name: Mapped[Any] for name in columns if name[0] != "_"},
        **columns,
    }
    if title is not None:
        body["__title__"] = title
    return type(name, (VillageRecord,), body)


def plugin(name: str = "bees", **given: Any) -> Plugin:
    return Plugin(**{"name": name, "api": "1.0", "title": TITLE, "department": TITLE, **given})


def measure(of: type[Record], name: str = "hives", **given: Any) -> Measure:
    ways: dict[str, Any] = given if {"sum", "count", "distinct"} & given.keys() else {"count": "village", **given}
    return Measure(name=name, title=TITLE, of=of, time=STOCK, **ways)


def refusal(*plugins: Plugin) -> list[str]:
    """The problems of these plugins, one line each."""
    with pytest.raises(DeclarationError) as caught:
        assemble(plugins)
    assert caught.value.code == "BAD_DECLARATION"
    return [str(problem) for problem in caught.value.problems]


def _twice() -> Iterable[Plugin]:
    return plugin(), plugin()


def _one_table() -> Iterable[Plugin]:
    class Hive(VillageRecord):
        """A hive."""

        __plugin__ = "bees"
        __title__ = TITLE
        __tablename__ = "hive"

    class Swarm(VillageRecord):
        """A swarm, in the same table."""

        __plugin__ = "honey"
        __title__ = TITLE
        __tablename__ = "hive"

    return plugin(records=(Hive,)), plugin("honey", records=(Swarm,))


def _one_list() -> Iterable[Plugin]:
    first = record()
    second = type(
        "Beehive",
        (HouseholdRecord,),
        {
            "__module__": f"{__name__}.{next(_numbers)}",
            "__plugin__": "bees",
            "__title__": TITLE,
            "__tablename__": "bees_other",
        },
    )
    return [plugin(records=(first, second))]


def _measure_named_as_list() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), measures=(measure(hive, "beehives"),))]


def _two_measures_of_one_name() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), measures=(measure(hive), measure(hive)))]


def _foreign_record() -> Iterable[Plugin]:
    hive, jar = record(), record("Jar", plugin="honey")
    return plugin(records=(hive,), measures=(measure(jar),)), plugin("honey", records=(jar,))


def _foreign_column() -> Iterable[Plugin]:
    hive, jar = record(), record("Jar", jars=whole("village", zh="罐", en="Jars"))
    where = jar.__table__.c.jars > 3
    return [plugin(records=(hive, jar), measures=(measure(hive, where=where),))]


def _no_unit() -> Iterable[Plugin]:
    hive = record(combs=whole(zh="脾", en="Combs"))
    return [plugin(records=(hive,), measures=(measure(hive, sum=getattr(hive, "combs")),))]  # noqa: B009 - a made-up column


def _misspelt_unit() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), measures=(measure(hive, count="vilage"),))]


def _misspelt_unit_of_a_column() -> Iterable[Plugin]:
    return [plugin(records=(record(honey=quantity("yuann", zh="蜜", en="Honey")),))]


def _percent() -> Iterable[Plugin]:
    hive = record(share=quantity("percent", zh="率", en="Share"))
    return [plugin(records=(hive,), measures=(measure(hive, sum=getattr(hive, "share")),))]  # noqa: B009 - a made-up column


def _sum_and_count() -> Iterable[Plugin]:
    hive = record(combs=whole("village", zh="脾", en="Combs"))
    return [plugin(records=(hive,), measures=(measure(hive, sum=getattr(hive, "combs"), count="village"),))]  # noqa: B009


def _neither_sum_nor_count() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), measures=(Measure(name="hives", title=TITLE, of=hive, time=STOCK),))]


def _finer_than_its_rows() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), measures=(measure(hive, distinct=Grain.HOUSEHOLD),))]


def _column_without_title() -> Iterable[Plugin]:
    return [plugin(records=(record(combs=mapped_column(Integer)),))]


def _column_as_its_owner() -> Iterable[Plugin]:
    return [plugin(records=(record(place=text(zh="處", en="Place")),))]


def _column_as_its_changes() -> Iterable[Plugin]:
    return [plugin(records=(record(history=text(zh="處", en="Place")),))]


def _aliases() -> Iterable[Plugin]:
    class Breed(Choice):
        """Breeds of bees."""

        LOCAL = "中蜂", "Bee"
        FOREIGN = "中蜂", "Bee"

    return [plugin(records=(record(breed=choice(Breed, zh="蜂種", en="Breed")),))]


def _share_of_strangers() -> Iterable[Plugin]:
    hive, jar = record(), record("Jar", plugin="honey")
    hives, jars = measure(hive), measure(jar, "glasses")
    share = Ratio(name="jars_each", title=TITLE, numerator=jars, denominator=hives)
    return plugin(records=(hive,), measures=(hives, share)), plugin("honey", records=(jar,), measures=(jars,))


def _indicator_of_nothing() -> Iterable[Plugin]:
    hive = record()
    return [plugin(records=(hive,), progress=(Indicator(measure=measure(hive)),))]


def _two_meanings_of_a_unit() -> Iterable[Plugin]:
    hives = Unit(name="hive", title=Text("箱", "hive"))
    return plugin(units=(hives,)), plugin("honey", units=(replace(hives, title=Text("群", "colony")),))


def _gone_at_once() -> Iterable[Plugin]:
    day, jars = date(2016, 1, 1), text(zh="罐", en="Jars")
    return (plugin(records=(record(jars=deprecated(jars, since=day, gone_on=day, zh="不再使用", en="Not used.")),)),)


def _card(**options: Any) -> Any:
    given: dict[str, Any] = {"sensitive": Sensitive.BANK_CARD, "sealed": True}
    return text(19, zh="卡號", en="Card", **(given | options))


def _sealed_and_shown() -> Iterable[Plugin]:
    return (plugin(records=(record(card=_card(sensitive=None)),)),)


def _sealed_beside_another() -> Iterable[Plugin]:
    return (plugin(records=(record(card=_card(), card_index=text(zh="索引", en="Index")),)),)


def _sealed_and_constrained() -> Iterable[Plugin]:
    return (plugin(records=(record(card=_card(), __constraints__=(UniqueConstraint("card"),)),)),)


def _sealed_and_counted() -> Iterable[Plugin]:
    hive = record(card=_card())
    return (plugin(records=(hive,), measures=(measure(hive, where=getattr(hive, "card") == "1"),)),)  # noqa: B009


def _looked_up_and_counted() -> Iterable[Plugin]:
    hive = record(card=_card())
    has_one = getattr(hive, "card_index").is_not(None)  # noqa: B009
    return (plugin(records=(hive,), measures=(measure(hive, where=has_one),)),)


REFUSED: dict[Callable[[], Iterable[Plugin]], tuple[str, ...]] = {
    _twice: ("'bees'", "its name", "two plugins", "Rename"),
    _one_table: ("'honey'", "record Swarm", "table 'hive' is also declared by plugin 'bees'", "Rename the record"),
    _one_list: ("'bees'", "record Beehive", "a second list 'beehives'", "Rename it"),
    _measure_named_as_list: ("'bees'", "measure 'beehives'", "the name of another measure or list", "Rename it"),
    _two_measures_of_one_name: ("'bees'", "measure 'hives'", "the name of another measure or list", "Rename it"),
    lambda: [plugin(api="9.0")]: ("'bees'", "api", "version '9.0'", "speaks 1.0"),
    lambda: [plugin(needs=("water",))]: ("'bees'", "needs 'water'", "is not installed", "Install or switch on 'water'"),
    lambda: [plugin("Bees-2")]: ("'Bees-2'", "its name", "snake case", "lower-case words"),
    lambda: [plugin("household")]: ("'household'", "its name", "a name of the core", "Choose another"),
    _foreign_record: (
        "'bees'",
        "measure 'hives'",
        "rows of Jar, which this plugin does not declare",
        "your own records",
    ),
    _foreign_column: ("'bees'", "measure 'hives'", "bees_jar.jars, a column of another record", "columns of Beehive"),
    _no_unit: ("'bees'", "measure 'hives'", "no unit", "Give the column a unit"),
    _misspelt_unit: ("'bees'", "measure 'hives'", "unknown unit 'vilage'", "Plugin.units", "Did you mean 'village'?"),
    _misspelt_unit_of_a_column: ("'bees'", "Beehive.honey", "unknown unit 'yuann'", "Did you mean 'yuan'?"),
    _percent: ("'bees'", "measure 'hives'", "adds up shares (percent)", "Ratio of two sums"),
    _sum_and_count: ("'bees'", "measure 'hives'", "has 2 of sum, count and distinct", "exactly one"),
    _neither_sum_nor_count: ("'bees'", "measure 'hives'", "has 0 of sum, count and distinct", "exactly one"),
    _finer_than_its_rows: ("'bees'", "measure 'hives'", "its rows are kept by village", "at or above"),
    lambda: [plugin(records=(record(plugin="honey"),))]: (
        "'bees'",
        "record Beehive",
        "belongs to 'honey'",
        "bangfu_bees",
    ),
    lambda: [plugin(records=(record(plugin="bees", title=None),))]: (
        "'bees'",
        "record Beehive",
        "no title",
        "__title__",
    ),
    _column_without_title: ("'bees'", "Beehive.combs", "has no title", "quantity()"),
    _column_as_its_changes: ("'bees'", "Beehive.history", "changes are shown", "Rename it"),
    _column_as_its_owner: ("'bees'", "Beehive.place", "what a row is about", "Rename it"),
    _aliases: ("'bees'", "Breed", "two values with the same titles", "Tell them apart"),
    _share_of_strangers: ("'bees'", "measure 'jars_each'", "measure 'glasses' of another plugin", "this plugin"),
    _indicator_of_nothing: ("'bees'", "indicator 'hives'", "does not declare", "Plugin.measures"),
    _sealed_and_shown: ("'bees'", "Beehive.card", "is sealed, but not sensitive", "sensitive=Sensitive"),
    _sealed_beside_another: ("'bees'", "Beehive.card", "'card_index', which is declared already", "Rename"),
    _sealed_and_constrained: ("'bees'", "Beehive.card", "is sealed, and a constraint looks at it", "unique=True"),
    _sealed_and_counted: ("'bees'", "measure 'hives'", "looks at card, of which", "not sealed"),
    _looked_up_and_counted: ("'bees'", "measure 'hives'", "looks at card_index, of which", "not sealed"),
    _gone_at_once: ("'bees'", "Beehive.jars", "gone from 2016-01-01", "a later day"),
    _two_meanings_of_a_unit: ("'honey'", "unit 'hive'", "another meaning", "another name"),
}


@pytest.mark.parametrize("wrong", REFUSED, ids=lambda wrong: wrong.__name__.strip("_<>"))
def test_a_wrong_declaration_is_refused_in_words(wrong: Callable[[], Iterable[Plugin]]) -> None:
    problems = refusal(*wrong())
    assert [line for line in problems if all(part in line for part in REFUSED[wrong])], problems
    assert len(problems) == 1, problems


def test_all_problems_of_all_plugins_are_told_at_once() -> None:
    hive = record(title=None, plugin="bees", honey=quantity("yuann", zh="蜜", en="Honey"))
    problems = refusal(
        plugin(api="2.0", records=(hive,), measures=(measure(hive, count="vilage"),)), plugin("honey", needs=("water",))
    )
    things = ["api", "record Beehive", "Beehive.honey", "measure 'hives'", "needs 'water'"]
    assert [next((line for line in problems if thing in line), None) is not None for thing in things] == [True] * 5
    assert len(problems) == 5


def test_a_sound_plugin_is_accepted() -> None:
    hive = record(combs=whole("comb", zh="脾", en="Combs"))
    combs = measure(hive, "combs", sum=getattr(hive, "combs"))  # noqa: B009 - a made-up column
    units = (Unit(name="comb", title=Text("脾", "comb")),)
    platform = assemble([plugin(records=(hive,), measures=(combs, measure(hive)), units=units)])
    assert [each.plugin.name for each in platform.plugins] == ["register", "bees"]
    assert "bees_beehive" in platform.metadata().tables


def test_only_the_register_measures_the_core_s_own_rows() -> None:
    (line,) = refusal(plugin(measures=(measure(Household, count="household"),)))
    assert "rows of Household" in line


Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts modules in the place of the installed plugins: each name with the module's content."""
    points: list[EntryPoint] = []

    def put(name: str, **content: Any) -> None:
        module = f"bangfu_fake_{name}"
        made = ModuleType(module)
        vars(made).update(content)
        monkeypatch.setitem(sys.modules, module, made)
        points.append(EntryPoint(name=name, value=module, group="bangfu.plugins"))

    def put_broken(name: str) -> None:
        points.append(EntryPoint(name=name, value="bangfu_fake_absent.nowhere", group="bangfu.plugins"))

    monkeypatch.setattr(discovery, "entry_points", lambda group: points)
    monkeypatch.setattr(discovery, "find_spec", lambda module: None)
    put.broken = put_broken  # type: ignore[attr-defined]  # the second of two ways to install
    return put


def hook(declared: Plugin) -> Callable[[], Plugin]:
    @hookimpl
    def bangfu_plugin() -> Plugin:
        return declared

    return bangfu_plugin


def discovered(*disabled: str) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        discover(disabled)
    return [str(problem) for problem in caught.value.problems]


def test_a_module_that_cannot_be_imported_is_told_with_its_reason(install: Any) -> None:
    install.broken("bees")
    install("honey", bangfu_plugin=hook(plugin("honey", api="0.1")))
    broken, old = discovered()
    assert "plugin 'bees', its module: cannot be imported (ModuleNotFoundError" in broken
    assert "BANGFU_DISABLED=bees" in broken
    assert "version '0.1'" in old


def test_a_module_may_raise_anything(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(name: str) -> ModuleType:
        raise RuntimeError("no licence file")

    install("bees")
    monkeypatch.setattr(discovery, "import_module", burst)
    (line,) = discovered()
    assert "cannot be imported (RuntimeError: no licence file)" in line


def test_a_broken_plugin_can_be_switched_off(install: Any) -> None:
    install.broken("bees")
    assert [each.plugin.name for each in discover(["bees"]).plugins] == ["register"]


@pytest.mark.parametrize("content", [{}, {"bangfu_plugin": lambda: plugin()}, {"bangfu_plugin": hookimpl(lambda: 3)}])
def test_a_module_that_declares_nothing_is_told(install: Any, content: dict[str, Any]) -> None:
    install("bees", **content)
    (line,) = discovered()
    assert "plugin 'bees', module bangfu_fake_bees: declares no Plugin" in line
    assert "@hookimpl" in line


def test_the_name_of_the_entry_point_is_the_plugin_s(install: Any) -> None:
    install("wasps", bangfu_plugin=hook(plugin("bees")))
    (line,) = discovered()
    assert "plugin 'wasps', its entry point: names plugin 'bees'. Rename the entry point to 'bees'." in line


def test_a_plugin_that_is_needed_and_switched_off_is_named(install: Any) -> None:
    install("bees", bangfu_plugin=hook(plugin(needs=("honey",))))
    install("honey", bangfu_plugin=hook(plugin("honey")))
    (line,) = discovered("honey")
    assert "plugin 'bees', needs 'honey': which is switched off" in line
    assert len(discover().plugins) == 3


def test_two_distributions_with_one_name_are_told(install: Any) -> None:
    install("bees", bangfu_plugin=hook(plugin()))
    install("bees", bangfu_plugin=hook(plugin()))
    (line,) = discovered()
    assert "plugin 'bees', its entry point 'bangfu_fake_bees': has the name of another installed plugin" in line
    assert "Uninstall one of the two" in line


def test_nobody_takes_the_register_s_name(install: Any) -> None:
    install("register", bangfu_plugin=hook(plugin("register")))
    (line,) = discovered()
    assert "has the name of another installed plugin" in line


def test_amounts_keep_their_two_decimals() -> None:
    """The column a declaration makes is the one the design promises: 15 digits, two of them after the point."""
    column = record(honey=quantity("yuan", zh="蜜", en="Honey")).__table__.c.honey
    assert column.type.python_type is Decimal
    assert (getattr(column.type, "precision", None), getattr(column.type, "scale", None)) == (15, 2)
