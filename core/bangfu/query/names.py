"""Names of tables and columns in statements that are written as text."""

from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def quote_name(name: str) -> str:
    """A name as PostgreSQL takes it, in quotes where it needs them."""
    return _DIALECT.identifier_preparer.quote(name)
