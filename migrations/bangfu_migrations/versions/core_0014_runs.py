"""Many created rows of one record as they were written: a run of them stands in the log of changes as one row.

Creates a table; what the log has stays as it is. Going down drops the table with what it holds: the log's verification
then tells that rows of these entries are missing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0014"
down_revision = "core_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table, to which rows are added and in which none is changed."""
    op.create_table(
        "change_run",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("usual", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "number", "position", name=op.f("pk_change_run")),
    )
    op.create_index(op.f("ix_change_run_row"), "change_run", ["district_code", "record", "row_id"])
    # Written once, and hardly ever read: to make them shorter takes longer than to write them.
    for table, column in (("change_run", "lines"), ("import_part", "body"), ("import_part", "lines")):
        op.execute(f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON change_run FROM CURRENT_USER")


def downgrade() -> None:
    """Drops the table."""
    for column in ("body", "lines"):
        op.execute(f"ALTER TABLE import_part ALTER {column} SET STORAGE EXTENDED")
    op.drop_table("change_run")
