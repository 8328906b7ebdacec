"""How many meet each requirement inside a place, and how many do not: what there is to be done, counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import Connection, exists, select

from bangfu.declare.codes import code_range, district_of, level_of
from bangfu.declare.grain import Grain
from bangfu.declare.measures import Measure
from bangfu.domain.about import thing_of
from bangfu.domain.places import Place
from bangfu.query.given import Input, Once
from bangfu.query.measures import Span, source_of, tally
from bangfu.query.values import unknown_place
from bangfu.registry import Platform, Required
from bangfu.registry.required import rates_of


@dataclass(frozen=True)
class Count:
    """A requirement inside a place: of how many it is asked, and how many of these meet it."""

    required: Required
    asked: int
    met: int

    @property
    def missing(self) -> int:
        """How many do not meet it."""
        return self.asked - self.met

    @property
    def rate(self) -> Decimal | None:
        """Percent of those asked that meet it, with two decimals; None where none are asked."""
        if not self.asked:
            return None
        return (Decimal(self.met) * 100 / self.asked).quantize(Decimal("0.01"), ROUND_HALF_UP)


def count_requirements(platform: Platform, connection: Connection, code: int, today: date) -> list[Count]:
    """All requirements of whatever lies in a place, the place itself included, in the order of their declaration.

    Each level is looked through once. Raises UserError where no place has the code.
    """
    place = Place.__table__.c
    if not connection.scalar(select(exists().where(place.district_code == district_of(code), place.code == code))):
        raise unknown_place(code, "within")
    return [
        count
        for grain, node in platform.graph.core.items()
        if level_of(code).covers(grain)
        for count in _of_level(
            connection,
            grain,
            [each for space in node.namespaces.values() for each in space.requirements.values()],
            code,
            today,
        )
    ]


def _of_level(
    connection: Connection, grain: Grain, required: list[Required], code: int, today: date
) -> Iterator[Count]:
    if not required:
        return
    span = Span.this_year(Once(Input((), today)))
    source = source_of(thing_of(grain))
    parts = [part for each in required for part in _parts(each)]
    columns = [
        tally(part, source, span, grain, among_others=True).value.label(f"n{number}")
        for number, part in enumerate(parts)
    ]
    inside = [source.record.c.district_code == district_of(code), source.place.between(*code_range(code))]
    row = connection.execute(select(*columns).select_from(source.rows(*columns, *inside)).where(*inside)).one()
    for number, each in enumerate(required):
        met, asked = row[2 * number : 2 * number + 2]
        yield Count(each, asked=int(asked or 0), met=int(met or 0))


def _parts(required: Required) -> tuple[Measure, Measure]:
    """The two counts of the share that follows from a requirement."""
    name = f"{required.requirement.name}_rate"
    rate = next(each for each in rates_of(required.plugin) if each.name == name)
    return rate.numerator, rate.denominator
