"""Lists of other departments held against the register, and what was decided on their lines.

Creates tables only; rows that are there already stay as they are. Going down forgets the comparisons and the verdicts.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "comparison",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("place_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Integer(), nullable=False),
        sa.Column("not_found", sa.Integer(), nullable=False),
        sa.Column("contradictions", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
    )
    op.create_table(
        "comparison_item",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("comparison", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("notes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("candidates", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("said_index", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "id", name=op.f("pk_comparison_item")),
        sa.UniqueConstraint("district_code", "comparison", "line", name=op.f("uq_comparison_item_line")),
    )
    op.create_table(
        "comparison_verdict",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("district_code", "item_id", "number", name=op.f("pk_comparison_verdict")),
    )


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("comparison_verdict")
    op.drop_table("comparison_item")
    op.drop_table("comparison")
