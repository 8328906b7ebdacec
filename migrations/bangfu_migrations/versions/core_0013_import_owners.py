"""Whose an import's plan is, and what was refused of it.

Creates a table and columns; plans that wait stay as they are, and belong to the command line. Going down forgets the
plans of those who sent files to a server, which would else be everybody's.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0013"
down_revision = "core_0012"
branch_labels = None
depends_on = None

_PARTS = ("import_row", "import_part")


def upgrade() -> None:
    """Creates the table and the columns."""
    op.add_column("import_plan", sa.Column("owner", sa.Text()))
    op.add_column("import_plan", sa.Column("errors", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("import_plan", sa.Column("failure", sa.Text()))
    op.create_table(
        "import_refusal",
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.BigInteger()),
        sa.Column("column", sa.Text()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message_zh", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text()),
        sa.PrimaryKeyConstraint("plan", "number", name=op.f("pk_import_refusal")),
    )


def downgrade() -> None:
    """Drops them, and the plans that have an owner."""
    owned = "(SELECT id FROM import_plan WHERE owner IS NOT NULL)"
    for table in _PARTS:
        op.execute(f"DELETE FROM {table} WHERE plan IN {owned}")  # noqa: S608 - our own words
    op.execute("DELETE FROM import_plan WHERE owner IS NOT NULL")
    op.drop_table("import_refusal")
    for column in ("failure", "errors", "owner"):
        op.drop_column("import_plan", column)
