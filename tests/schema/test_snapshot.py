"""The committed schema is what the code builds, so that a diff shows each change; `--update` writes it anew."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from difflib import unified_diff
from pathlib import Path

from graphql import GraphQLInputObjectType, GraphQLObjectType, print_type
from graphql import build_schema as parse_schema
from sqlalchemy.orm import Mapped

from bangfu import (
    FLOW,
    STOCK,
    Choice,
    Deprecation,
    HouseholdRecord,
    Indicator,
    Measure,
    Plugin,
    Ratio,
    Sensitive,
    Text,
    Unit,
    choice,
    day,
    deprecated,
    flag,
    quantity,
    text,
    whole,
)
from bangfu.registry import assemble
from bangfu_schema import Graph

HOUSE = Path(__file__).parents[2]


class Breed(Choice):
    """What is kept."""

    BEE = "中蜂", "Bee"
    GOAT = "山羊", "Goat"


class Keeping(HouseholdRecord):
    """Animals that a household keeps."""

    __plugin__ = "toy"
    __title__ = Text("飼養", "Keeping")

    breed: Mapped[Breed] = choice(Breed, zh="品種", en="Breed")
    animals: Mapped[int] = whole("animal", zh="數量", en="Number")
    value: Mapped[Decimal | None] = deprecated(
        quantity("yuan", zh="價值", en="Value"),
        since=date(2016, 1, 1),
        gone_on=date(2017, 1, 1),
        zh="改用評估價值。",
        en="Use the appraised value.",
    )
    keeper: Mapped[str | None] = text(zh="飼養人", en="Keeper", sensitive=Sensitive.NAME)
    bought_on: Mapped[date | None] = day(zh="購入日期", en="Bought on")
    is_insured: Mapped[bool | None] = flag(zh="是否投保", en="Insured")


KEPT = Measure(name="kept", title=Text("存欄", "Kept"), of=Keeping, time=STOCK, sum=Keeping.animals)
GOATS = Measure(
    name="goats",
    title=Text("山羊存欄", "Goats kept"),
    of=Keeping,
    time=STOCK,
    sum=Keeping.animals,
    where=Keeping.breed == Breed.GOAT,
)
BOUGHT = Measure(
    name="bought",
    title=Text("購入", "Bought"),
    of=Keeping,
    time=FLOW,
    count="animal",
    on=Keeping.bought_on,
    deprecation=Deprecation(reason=Text("改用存欄。", "Use kept."), since=date(2016, 1, 1), gone_on=date(2016, 7, 1)),
)
GOAT_SHARE = Ratio(name="goat_share", title=Text("山羊比重", "Share of goats"), numerator=GOATS, denominator=KEPT)

TOY = Plugin(
    name="toy",
    api="1.0",
    title=Text("養殖", "Keeping of animals"),
    department=Text("畜牧局", "Animal husbandry"),
    records=(Keeping,),
    measures=(KEPT, GOATS, BOUGHT, GOAT_SHARE),
    progress=(Indicator(measure=KEPT),),
    units=(Unit(name="animal", title=Text("只", "animal")),),
)


def test_the_committed_schema_is_what_the_code_builds(graph: Graph, update: bool) -> None:
    compare(HOUSE / "schema" / "schema.graphql", graph.sdl(), update)


def test_a_declaration_becomes_these_types(update: bool) -> None:
    """One record, four measures, one indicator: everything that GraphQL says of them."""
    compare(
        Path(__file__).with_name("toy.graphql"), "\n\n".join(_about_toy(Graph(assemble([TOY])).sdl())) + "\n", update
    )


def test_the_schema_does_not_depend_on_who_builds_it(graph: Graph) -> None:
    """Two platforms in one process, and the same one again, print the same."""
    assert Graph(graph.platform).sdl() == graph.sdl()
    assert Graph(assemble([TOY])).sdl() == Graph(assemble([TOY])).sdl()


def test_a_plugin_that_is_off_leaves_no_trace(graph: Graph) -> None:
    """Its names go out of the schema, and nothing else changes."""
    without = Graph(assemble([])).sdl()
    assert "toy" not in without.lower()
    kept = parse_schema(without).type_map
    whole = parse_schema(Graph(assemble([TOY])).sdl()).type_map
    assert {name for name in whole if name not in kept} == {name for name in whole if "Toy" in name}


def compare(file: Path, built: str, update: bool) -> None:
    if update:
        file.write_text(built, encoding="utf-8", newline="\n")
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if committed != built:
        name = file.relative_to(HOUSE).as_posix()
        lines = unified_diff(committed.splitlines(), built.splitlines(), name, "built", lineterm="", n=2)
        shown = "\n".join(list(lines)[:80])
        raise AssertionError(f"{name} is not what the code builds; review and run pytest --update:\n{shown}")


def _about_toy(sdl: str) -> Iterator[str]:
    """All types that are the plugin's own, and the fields by which others lead to them."""
    for name, type_ in sorted(parse_schema(sdl).type_map.items()):
        if "Toy" in name:
            yield print_type(type_)
        elif isinstance(type_, GraphQLObjectType | GraphQLInputObjectType) and "toy" in type_.fields:
            keyword = "type" if isinstance(type_, GraphQLObjectType) else "input"
            yield f"extend {keyword} {name} {{\n  toy: {type_.fields['toy'].type}\n}}"
