"""Creates the tables of party building: village sites, checklist items and party organisations."""

import sqlalchemy as sa
from alembic import op

revision = "party_building_0001"
down_revision = None
branch_labels = ("party_building",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "party_building_site",
        "place",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("area", sa.Numeric(15, 2), nullable=True),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("topped_out_on", sa.Date(), nullable=True),
        sa.Column("in_use_on", sa.Date(), nullable=True),
        sa.CheckConstraint("in_use_on >= topped_out_on", name=op.f("ck_party_building_site_in_use_on")),
        sa.CheckConstraint("started_on >= planned_on", name=op.f("ck_party_building_site_started_on")),
        sa.CheckConstraint("topped_out_on >= started_on", name=op.f("ck_party_building_site_topped_out_on")),
    )
    _create(
        "party_building_checklist_item",
        "place",
        sa.Column("checklist", sa.String(40), nullable=False),
        sa.Column("item", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
    )
    _create(
        "party_building_party_organisation",
        "place",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("secretary", sa.String(50), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.CheckConstraint("members >= 0", name=op.f("ck_party_building_party_organisation_members")),
    )


def downgrade() -> None:
    op.drop_table("party_building_party_organisation")
    op.drop_table("party_building_checklist_item")
    op.drop_table("party_building_site")


def _create(table: str, parent: str, *own: sa.schema.SchemaItem) -> None:
    """A record's table: its own columns between the key and what every row of the graph carries."""
    key, target = {
        "place": ("place_code", "code"),
        "household": ("household_id", "id"),
        "person": ("person_id", "id"),
    }[parent]
    op.create_table(
        table,
        sa.Column("district_code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(key, sa.BigInteger(), nullable=False),
        *own,
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("valid_to > valid_from", name=op.f(f"ck_{table}_validity")),
        sa.CheckConstraint("id / 1000000000 = district_code", name=op.f(f"ck_{table}_id")),
        sa.ForeignKeyConstraint(
            ["district_code", key],
            [f"{parent}.district_code", f"{parent}.{target}"],
            name=op.f(f"fk_{table}_{parent}"),
        ),
        sa.PrimaryKeyConstraint("district_code", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_district_code_{key}"), table, ["district_code", key])
