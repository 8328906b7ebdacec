"""What is done for households, and the documents of villages: what 五清 and 六有 ask about.

Creates tables only; rows that are there already stay as they are. Going down drops them with whatever they hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    _create(
        "register_help_measure",
        ("household_id", "household", "id"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("responsible", sa.String(100)),
        sa.Column("due_on", sa.Date()),
        sa.Column("done_on", sa.Date()),
        sa.Column("outcome", sa.String(400)),
    )
    _create(
        "register_village_document",
        ("place_code", "place", "code"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("drawn_up_on", sa.Date()),
    )


def downgrade() -> None:
    """Drops the tables and all that they hold."""
    op.drop_table("register_village_document")
    op.drop_table("register_help_measure")


def _create(table: str, about: tuple[str, str, str], *own: sa.schema.SchemaItem) -> None:
    """A table whose rows are about something: the column says about what, and leads to a table and its key."""
    column, other, key = about
    op.create_table(
        table,
        sa.Column("district_code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(column, sa.BigInteger(), nullable=False),
        *own,
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.CheckConstraint("valid_to > valid_from", name=op.f(f"ck_{table}_validity")),
        sa.CheckConstraint("id / 1000000000 = district_code", name=op.f(f"ck_{table}_id")),
        sa.ForeignKeyConstraint(
            ["district_code", column], [f"{other}.district_code", f"{other}.{key}"], name=op.f(f"fk_{table}_{other}")
        ),
        sa.PrimaryKeyConstraint("district_code", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_district_code_{column}"), table, ["district_code", column])
