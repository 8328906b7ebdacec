"""Columns of a record as a department would describe them: a title, a unit, whether it is sensitive."""

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Integer, LargeBinary, Numeric, String
from sqlalchemy import Enum as Listed
from sqlalchemy import Text as Stored
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.schema import Column
from sqlalchemy.types import TypeEngine

from bangfu.declare.choice import Choice
from bangfu.declare.deprecation import Deprecation
from bangfu.declare.text import Text

_KEY = "bangfu.field"
INDEXED = "bangfu.index"
"""Under which a column by which a sealed one is looked up says which one that is."""


class Sensitive(Enum):
    """What of a column is shown to those who may not read personal data (脫敏規則)."""

    NAME = "the first character"
    ID_NUMBER = "the first six characters, which tell the district"
    PHONE = "the first three and the last four characters"
    BANK_CARD = "the last four characters"
    HIDDEN = "nothing"

    @property
    def is_text(self) -> bool:
        """Whether the rule leaves something of a text; the other hides values of any kind."""
        return self is not Sensitive.HIDDEN


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a column means: shown in the schema's docs, used by filters, measures and policy."""

    title: Text
    unit: str | None = None
    sensitive: Sensitive | None = None
    is_code: bool = False
    numeric: bool = False
    choice: type[Choice] | None = None
    sealed: bool = False
    """Whether the database keeps the value encrypted: it can be looked up exactly, and in no other way."""

    unique: bool = False
    """Whether no two rows of a district have the same value."""

    length: int | None = None
    """How many characters a sealed value has at most; what is stored of it is longer."""

    least: int | None = None
    """The least number that may be entered."""

    most: int | None = None
    deprecation: Deprecation | None = None


def quantity(
    unit: str,
    *,
    zh: str,
    en: str,
    sensitive: Sensitive | None = None,
    least: int | None = 0,
    most: int | None = None,
) -> MappedColumn[Any]:
    """An amount with two decimals, at most 15 significant digits, so that a JSON number carries it exactly.

    What is entered is at least `least`, which is 0 unless it is said otherwise, and at most `most`.
    """
    field = Field(title=Text(zh, en), unit=unit, sensitive=sensitive, numeric=True, least=least, most=most)
    return _column(Numeric(15, 2), field)


def whole(
    unit: str | None = None,
    *,
    zh: str,
    en: str,
    sensitive: Sensitive | None = None,
    least: int | None = 0,
    most: int | None = None,
) -> MappedColumn[Any]:
    """A whole number: a count of `unit`, or a year without one; what is entered is from `least` to `most`."""
    field = Field(title=Text(zh, en), unit=unit, sensitive=sensitive, numeric=True, least=least, most=most)
    return _column(Integer(), field)


def text(
    length: int = 200,
    *,
    zh: str,
    en: str,
    sensitive: Sensitive | None = None,
    sealed: bool = False,
    unique: bool = False,
) -> MappedColumn[Any]:
    """A line of text of at most `length` characters.

    `sealed` keeps it encrypted in the database. It can then be looked up exactly, by a column `<name>_index` that is
    made beside it, and cannot be searched, ordered or counted. `unique` lets no two rows of a district have the same.
    """
    title = Text(zh, en)
    if not sealed:
        return _column(String(length), Field(title=title, sensitive=sensitive, unique=unique))
    field = Field(title=title, sensitive=sensitive, sealed=True, unique=unique, length=length)
    return _column(Stored(), field)


def day(*, zh: str, en: str, sensitive: Sensitive | None = None) -> MappedColumn[Any]:
    """A calendar date."""
    return _column(Date(), Field(title=Text(zh, en), sensitive=sensitive))


def flag(*, zh: str, en: str, sensitive: Sensitive | None = None) -> MappedColumn[Any]:
    """Yes or no."""
    return _column(Boolean(), Field(title=Text(zh, en), sensitive=sensitive))


def choice(values: type[Choice], *, zh: str, en: str, sensitive: Sensitive | None = None) -> MappedColumn[Any]:
    """One value of a closed list; stored by its name."""
    kind = Listed(values, native_enum=False, length=40, create_constraint=False)
    return _column(kind, Field(title=Text(zh, en), sensitive=sensitive, choice=values))


def code(*, zh: str, en: str, **options: Any) -> MappedColumn[Any]:
    """A place's code; fifteen digits in the table, the official form outside."""
    return _column(BigInteger(), Field(title=Text(zh, en), is_code=True), **options)


def key(*, zh: str, en: str, **options: Any) -> MappedColumn[Any]:
    """A whole number that identifies rather than counts."""
    return _column(Integer(), Field(title=Text(zh, en)), **options)


def deprecated(column: MappedColumn[Any], *, since: date, gone_on: date, zh: str, en: str) -> MappedColumn[Any]:
    """A column on its way out, with what to use in its place: `deprecated(quantity("mu", …), en="Use netArea.", …)`."""
    told = Deprecation(reason=Text(zh, en), since=since, gone_on=gone_on)
    column.column.info[_KEY] = replace(column.column.info[_KEY], deprecation=told)
    return column


def field_of(column: Column[Any]) -> Field | None:
    """The field a column was declared with; None for the columns that only hold the table together."""
    found = column.info.get(_KEY)
    return found if isinstance(found, Field) else None


def index_of(sealed: str) -> str:
    """The name of the column by which a sealed one is looked up."""
    return f"{sealed}_index"


def index_column(sealed: str) -> MappedColumn[Any]:
    """The column by which a sealed one is looked up: no field of the graph, and never shown."""
    return mapped_column(LargeBinary(), nullable=True, info={INDEXED: sealed})


def is_index(column: Column[Any]) -> bool:
    """Whether a column is one by which a sealed one is looked up."""
    return INDEXED in column.info


def _column(kind: TypeEngine[Any], field: Field, **options: Any) -> MappedColumn[Any]:
    return mapped_column(kind, info={_KEY: field}, **options)
