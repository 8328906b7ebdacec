"""Creates the tables of infrastructure: relocation, water, grid, houses, roads, terraces and benefits."""

import sqlalchemy as sa
from alembic import op

revision = "infrastructure_0001"
down_revision = None
branch_labels = ("infrastructure",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "infrastructure_relocation",
        "household",
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("resettlement", sa.String(40), nullable=False),
        sa.Column("destination", sa.String(120), nullable=False),
        sa.Column("house_area", sa.Numeric(15, 2), nullable=True),
        sa.Column("subsidy", sa.Numeric(15, 2), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_water_project",
        "place",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("pipes", sa.Numeric(15, 2), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_grid_upgrade",
        "place",
        sa.Column("is_poor_village", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.Numeric(15, 2), nullable=True),
        sa.Column("transformers", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_house_repair",
        "household",
        sa.Column("danger", sa.String(40), nullable=False),
        sa.Column("renovation", sa.String(40), nullable=False),
        sa.Column("area", sa.Numeric(15, 2), nullable=True),
        sa.Column("subsidy", sa.Numeric(15, 2), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_road",
        "place",
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("surface", sa.String(40), nullable=True),
        sa.Column("length", sa.Numeric(15, 2), nullable=False),
        sa.Column("width", sa.Numeric(15, 2), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_terrace",
        "place",
        sa.Column("area", sa.Numeric(15, 2), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "infrastructure_benefit",
        "household",
        sa.Column("kind", sa.String(40), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("infrastructure_benefit")
    op.drop_table("infrastructure_terrace")
    op.drop_table("infrastructure_road")
    op.drop_table("infrastructure_house_repair")
    op.drop_table("infrastructure_grid_upgrade")
    op.drop_table("infrastructure_water_project")
    op.drop_table("infrastructure_relocation")


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
