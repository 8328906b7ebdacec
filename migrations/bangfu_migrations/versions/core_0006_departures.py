"""Why somebody is no longer a member of a household.

Adds a column that holds nothing in the rows that are there. Going down drops it with what it holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column("person", sa.Column("departure", sa.String(40)))


def downgrade() -> None:
    """Drops the column."""
    op.drop_column("person", "departure")
