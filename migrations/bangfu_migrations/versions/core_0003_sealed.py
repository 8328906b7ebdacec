"""ID numbers are sealed: room for the cipher text, a column to look a number up by, and the list of keys in use.

Rows keep their numbers in clear until `bangfu migrate` seals them, right after the revisions and before anybody is
served. Going down puts the clear numbers back, for which it needs the keys.
"""

import sqlalchemy as sa
from alembic import op

from bangfu.write.resealing import unsealed

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No two people of a district have the same number as before; that is now told by its index."""
    op.create_table(
        "seal_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("used_since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_key")),
    )
    op.drop_constraint(op.f("uq_person_district_code_id_number"), "person", type_="unique")
    op.alter_column("person", "id_number", existing_type=sa.String(18), type_=sa.Text())
    op.add_column("person", sa.Column("id_number_index", sa.LargeBinary()))
    op.create_unique_constraint(
        op.f("uq_person_district_code_id_number_index"), "person", ["district_code", "id_number_index"]
    )


def downgrade() -> None:
    """Opens every number before the column that it is looked up by is dropped."""
    unsealed(op.get_bind(), "person", "id_number")
    op.drop_constraint(op.f("uq_person_district_code_id_number_index"), "person", type_="unique")
    op.drop_column("person", "id_number_index")
    op.alter_column("person", "id_number", existing_type=sa.Text(), type_=sa.String(18))
    op.create_unique_constraint(op.f("uq_person_district_code_id_number"), "person", ["district_code", "id_number"])
    op.drop_table("seal_key")
