"""The log of changes: entries, the rows they changed, the last one of each district, and what was answered to a key.

Creates tables only; rows that are there already stay as they are. Going down drops the log with what it holds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None

_LOG = ("change_set", "change")


def upgrade() -> None:
    """Creates the tables; in the log rows are added and never changed."""
    op.create_table(
        "change_set",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "number", name=op.f("pk_change_set")),
    )
    op.create_index(op.f("ix_change_set_at"), "change_set", ["at"])
    op.create_table(
        "change",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("after", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("district_code", "number", "position", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_row"), "change", ["district_code", "record", "row_id"])
    op.create_table(
        "change_head",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", name=op.f("pk_change_head")),
    )
    op.create_table(
        "answered",
        sa.Column("viewer", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("viewer", "key", name=op.f("pk_answered")),
    )
    op.create_index(op.f("ix_answered_at"), "answered", ["at"])
    # Of their owner too: to take anything out of the log, somebody has to give themselves the right to first.
    for table in _LOG:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER")


def downgrade() -> None:
    """Drops the log."""
    for table in ("answered", "change_head", *reversed(_LOG)):
        op.drop_table(table)
