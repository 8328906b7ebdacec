"""Creates the tables of industry: crop areas, plantings, herds, farms and leading products."""

import sqlalchemy as sa
from alembic import op

revision = "industry_0001"
down_revision = None
branch_labels = ("industry",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "industry_crop_area",
        "place",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("crop", sa.String(40), nullable=False),
        sa.Column("area", sa.Numeric(15, 2), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
    )
    _create(
        "industry_planting",
        "household",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("crop", sa.String(40), nullable=False),
        sa.Column("area", sa.Numeric(15, 2), nullable=False),
        sa.Column("planted_on", sa.Date(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("is_supported", sa.Boolean(), nullable=False),
    )
    _create(
        "industry_herd",
        "household",
        sa.Column("species", sa.String(40), nullable=False),
        sa.Column("animals", sa.Integer(), nullable=False),
        sa.Column("is_supported", sa.Boolean(), nullable=False),
    )
    _create(
        "industry_farm",
        "place",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("species", sa.String(40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("area", sa.Numeric(15, 2), nullable=True),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("is_standard", sa.Boolean(), nullable=False),
    )
    _create(
        "industry_village_product",
        "place",
        sa.Column("sector", sa.String(40), nullable=False),
        sa.Column("product", sa.String(40), nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
    )
    _create(
        "industry_township_product",
        "place",
        sa.Column("sector", sa.String(40), nullable=False),
        sa.Column("product", sa.String(40), nullable=False),
        sa.Column("output", sa.Numeric(15, 2), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("industry_township_product")
    op.drop_table("industry_village_product")
    op.drop_table("industry_farm")
    op.drop_table("industry_herd")
    op.drop_table("industry_planting")
    op.drop_table("industry_crop_area")


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
