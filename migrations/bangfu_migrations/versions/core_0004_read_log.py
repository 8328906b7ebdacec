"""The log of reads of personal data.

Creates a table only; rows that are there already stay as they are. Going down drops the log with what it holds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the table, in which rows are added and never changed."""
    op.create_table(
        "read_log",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("request_id", sa.Text()),
        sa.Column("viewer", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text()),
        sa.Column("operation", sa.Text()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("places", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("shown", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("filtered", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("ordered", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "id", name=op.f("pk_read_log")),
    )
    op.create_index(op.f("ix_read_log_at"), "read_log", ["at"])
    # Of its owner too: to take anything out of the log, somebody has to give themselves the right to first.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON read_log FROM CURRENT_USER")


def downgrade() -> None:
    """Drops the log."""
    op.drop_table("read_log")
