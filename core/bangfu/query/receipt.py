"""How a number is made, in words taken from the declaration."""

from dataclasses import dataclass

from sqlalchemy.dialects import postgresql

from bangfu.declare.measures import AnyMeasure, Measure, OverTime, Ratio

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a receipt says of every number of a measure."""

    formula: str
    record: str
    filter: str | None
    dated: str


def facts(measure: AnyMeasure) -> Facts:
    """The facts of a measure; of a share, those of its numerator."""
    if isinstance(measure, Ratio):
        told = facts(measure.numerator)
        formula = f"100 × {measure.numerator.name} / {measure.denominator.name}"
        return Facts(formula=formula, record=told.record, filter=told.filter, dated=told.dated)
    if measure.sum is not None:
        formula = f"sum of {measure.sum.key}"
    elif measure.distinct is not None:
        formula = f"number of different {measure.distinct.unit} rows belong to"
    else:
        formula = "number of rows"
    stock = "valid_from and valid_to, on the last day"
    dated = stock if measure.time is OverTime.STOCK else measure.on.key if measure.on is not None else "recorded_on"
    return Facts(formula=formula, record=measure.of.__name__, filter=_words(measure), dated=dated)


def _words(measure: Measure) -> str | None:
    if measure.where is None:
        return None
    text = measure.where.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return str(text).replace(f"{measure.of.__tablename__}.", "")
