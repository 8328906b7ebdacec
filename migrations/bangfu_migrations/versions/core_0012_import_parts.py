"""Rows of a planned import that wait many together.

Creates a table only; plans that wait stay as they are. Going down forgets the plans with such rows, which are planned
again from their files.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0012"
down_revision = "core_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table."""
    op.create_table(
        "import_part",
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("columns", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lines", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "first", name=op.f("pk_import_part")),
    )
    # It is read once and thrown away; to compress it takes longer than to write it.
    op.execute("ALTER TABLE import_part ALTER COLUMN body SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Drops the table, and the plans that cannot be told without it."""
    for table, column in (("import_row", "plan"), ("import_plan", "id")):
        op.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT plan FROM import_part)")  # noqa: S608 - our own words
    op.drop_table("import_part")
