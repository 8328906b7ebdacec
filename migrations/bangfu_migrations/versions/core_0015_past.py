"""Rows of the past are found by what they belonged to, and the first entry of a district since a moment by that.

Adds indexes only; takes some seconds for each million changes. Of created rows, which have nothing before, they know
nothing. Going down drops them.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0015"
down_revision = "core_0014"
branch_labels = None
depends_on = None

_OWNER = "(coalesce(before ->> 'place_code', before ->> 'household_id', before ->> 'person_id')::bigint)"
_CHANGED = sa.text("before IS NOT NULL")


def upgrade() -> None:
    """Adds the indexes."""
    op.create_index(op.f("ix_change_set_district_code_at"), "change_set", ["district_code", "at", "number"])
    for name, last in (("ix_change_number", "number"), ("ix_change_owner", sa.text(_OWNER))):
        op.create_index(op.f(name), "change", ["district_code", "record", last], postgresql_where=_CHANGED)


def downgrade() -> None:
    """Drops them."""
    for name in ("ix_change_owner", "ix_change_number"):
        op.drop_index(op.f(name), "change")
    op.drop_index(op.f("ix_change_set_district_code_at"), "change_set")
