"""A procedure of a department, made up for tests: part of a planting is handed over to another household."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bangfu import (
    Argument,
    Choice,
    Code,
    Household,
    Person,
    Procedure,
    Refusal,
    Sensitive,
    Steps,
    Text,
    choice,
    day,
    flag,
    place,
    quantity,
    row_of,
    rows_of,
    text,
    version,
    whole,
)
from bangfu.registry import Platform, assemble
from bangfu_industry import plugin as industry
from bangfu_industry.records import Planting


class HandedOver(Choice):
    """Why a planting goes to another household."""

    SOLD = "出讓", "Sold"
    GIVEN = "贈與", "Given"


def _hand_over(
    steps: Steps,
    planting: int,
    version: int,
    household: int,
    area: Decimal,
    on: date,
    why: HandedOver,
    years: int | None,
    is_supported: bool | None,
    place: int | None,
    witness: str | None,
    besides: list[int] | None,
) -> int:
    row = steps.row(Planting, planting, "planting", version=version)
    steps.row(Household, household, "household")
    if household == row["household_id"]:
        raise Refusal("household", Code.CHECK_FAILED, Text("不能轉給自己。", "It is theirs already."))
    if why is HandedOver.GIVEN and years is not None:
        raise Refusal(None, Code.CHECK_FAILED, Text("贈與沒有年限。", "What is given has no years."))
    if place is not None:
        steps.place(place, "place")
    if area > row["area"]:
        raise Refusal("area", Code.OUT_OF_RANGE, Text("面積不足。", "There is less of it."))
    kept = {name: row[name] for name in ("kind", "crop", "planted_on", "is_new")}
    supported = row["is_supported"] if is_supported is None else is_supported
    told = {
        "household_id": household,
        "area": area,
        "is_supported": supported,
        "valid_from": on,
        "source": witness or "戶",
    }
    (made,) = steps.create(Planting, kept | told)
    others = [steps.row(Planting, each, "besides") for each in besides or ()]
    steps.delete(Planting, *({"id": each["id"], "version": each["version"]} for each in others))
    rest = {"id": planting, "version": version, "area": row["area"] - area, "valid_to": on}
    steps.update(Planting, rest, arguments={"valid_to": "on"})
    return made


HAND_OVER = Procedure(
    name="hand_over",
    title=Text("轉讓", "Part of a planting goes to another household"),
    on=Planting,
    arguments=(
        Argument("planting", row_of(Planting, zh="種植", en="What is handed over")),
        Argument("version", version()),
        Argument("household", row_of(Household, zh="受讓戶", en="Who gets it")),
        Argument("area", quantity("mu", zh="面積", en="Area", least=1)),
        Argument("on", day(zh="轉讓日期", en="Day")),
        Argument("why", choice(HandedOver, zh="方式", en="How")),
        Argument("years", whole("month", zh="期限", en="Months", most=360), required=False),
        Argument("is_supported", flag(zh="是否扶持", en="Supported"), required=False),
        Argument("place", place(zh="地塊所在地", en="Where it lies"), required=False),
        Argument("witness", text(20, zh="見證人", en="Witness", sensitive=Sensitive.NAME), required=False),
        Argument("besides", rows_of(Planting, zh="一併清退的種植", en="What is given up with it"), required=False),
    ),
    does=_hand_over,
)


def _meddle(steps: Steps, planting: int) -> int:
    row = steps.row(Planting, planting, "planting")
    (member, *_) = steps.rows(Person, Person.household_id == row["household_id"])
    steps.delete(Person, {"id": member["id"], "version": member["version"]})
    return planting


MEDDLE = Procedure(
    name="meddle",
    title=Text("越權", "Changes rows that it does not declare"),
    on=Planting,
    arguments=(Argument("planting", row_of(Planting, zh="種植", en="Planting")),),
    does=_meddle,
)


def _go_on(steps: Steps, planting: int, area: Decimal) -> int:
    row = steps.row(Planting, planting, "planting")
    with suppress(Refusal):
        steps.place(1, "planting")
    with suppress(Refusal):
        steps.create(Planting, {"household_id": row["household_id"], "area": area})
    return planting


GO_ON = Procedure(
    name="go_on",
    title=Text("照舊", "Minds no refusal"),
    on=Planting,
    arguments=(
        Argument("planting", row_of(Planting, zh="種植", en="Planting")),
        Argument("area", quantity("mu", zh="面積", en="Area")),
    ),
    does=_go_on,
)


def platform_with(platform: Platform) -> Platform:
    """All that is installed, with industry's made-up procedures."""
    own: Any = {"industry": replace(industry, procedures=(HAND_OVER, MEDDLE, GO_ON))}
    plugins = (each.plugin for each in platform.plugins if each.plugin.name != "register")
    return assemble([own.get(each.name, each) for each in plugins])
