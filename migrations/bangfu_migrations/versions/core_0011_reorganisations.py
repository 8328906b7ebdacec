"""What is done to divisions, and which rows come to lie elsewhere by it; what a place was called before.

Creates tables and a column without values; rows that are there already stay as they are. Going down forgets how things
lay before.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables and the column."""
    op.create_table(
        "reorganisation",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("drawn", postgresql.JSONB(), nullable=False),
        sa.Column("undone_entry", sa.BigInteger()),
        sa.PrimaryKeyConstraint("district_code", "number", name=op.f("pk_reorganisation")),
    )
    op.create_table(
        "place_move",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("reorganisation", sa.Integer(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("from_code", sa.BigInteger(), nullable=False),
        sa.Column("to_code", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "record", "row_id", "reorganisation", name=op.f("pk_place_move")),
    )
    op.add_column("place_succession", sa.Column("former_name", sa.String(100)))


def downgrade() -> None:
    """Drops them."""
    op.drop_column("place_succession", "former_name")
    op.drop_table("place_move")
    op.drop_table("reorganisation")
