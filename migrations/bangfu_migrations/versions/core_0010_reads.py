"""Reads of personal data are chained by their hashes, for each district.

Adds two columns and a table; entries that are there already are chained in their order, and from then on nobody changes
them without being found. Takes a few seconds for each hundred thousand. Going down forgets the chain.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None

_CHAIN = """DO $$
DECLARE entry record; last_district int := -1; last_number bigint; last_hash bytea;
BEGIN
    FOR entry IN SELECT * FROM read_log ORDER BY district_code, id LOOP
        IF entry.district_code <> last_district THEN
            last_district := entry.district_code; last_number := 0; last_hash := ''::bytea;
        END IF;
        last_number := last_number + 1;
        last_hash := sha256(last_hash || convert_to(jsonb_build_array(entry.district_code, last_number,
            to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.request_id, entry.viewer,
            entry.token_id, entry.operation, entry.document, entry.places, entry.shown, entry.filtered,
            entry.ordered, entry.counts, entry.succeeded)::text, 'UTF8'));
        UPDATE read_log SET number = last_number, hash = last_hash
            WHERE district_code = entry.district_code AND id = entry.id;
    END LOOP;
END $$"""


def upgrade() -> None:
    """Adds the links and the heads of the chains."""
    op.create_table(
        "read_head",
        sa.Column("district_code", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", name=op.f("pk_read_head")),
    )
    op.add_column("read_log", sa.Column("number", sa.BigInteger()))
    op.add_column("read_log", sa.Column("hash", sa.LargeBinary()))
    op.execute("GRANT UPDATE ON read_log TO CURRENT_USER")
    op.execute(_CHAIN)
    op.execute("REVOKE UPDATE ON read_log FROM CURRENT_USER")
    op.execute(
        "INSERT INTO read_head SELECT DISTINCT ON (district_code) district_code, number, hash FROM read_log"
        " ORDER BY district_code, number DESC"
    )
    op.alter_column("read_log", "number", nullable=False)
    op.alter_column("read_log", "hash", nullable=False)
    op.create_unique_constraint(op.f("uq_read_log_number"), "read_log", ["district_code", "number"])


def downgrade() -> None:
    """Takes the links away."""
    op.drop_constraint(op.f("uq_read_log_number"), "read_log")
    op.drop_column("read_log", "hash")
    op.drop_column("read_log", "number")
    op.drop_table("read_head")
