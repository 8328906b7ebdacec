"""Settings that travel with the database and not with the machine: a few named values."""

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, Table, Text, select
from sqlalchemy.dialects.postgresql import insert

REPORTING_DATE = "reporting_date"
"""The day up to which the books are kept, as `2015-12-31`."""

TIME_ZONE = "Asia/Shanghai"
"""Where a day ends unless an installation says otherwise: China standard time."""

SETTING = Table(
    "setting",
    MetaData(),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name", name="pk_setting"),
)


def read_setting(connection: Connection, name: str) -> str | None:
    """The value of a setting; None where nobody has set it."""
    return connection.scalar(select(SETTING.c.value).where(SETTING.c.name == name))


def write_setting(connection: Connection, name: str, value: str) -> None:
    """Sets a value, in place of the one before."""
    statement = insert(SETTING).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[SETTING.c.name], set_={"value": statement.excluded.value})
    )
