"""Creates the tables of public services: facilities, allowances, care, pensions, relief and welfare grants."""

import sqlalchemy as sa
from alembic import op

revision = "public_services_0001"
down_revision = None
branch_labels = ("public_services",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "public_services_facility",
        "place",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("is_standard", sa.Boolean(), nullable=False),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("area", sa.Numeric(15, 2), nullable=True),
        sa.Column("investment", sa.Numeric(15, 2), nullable=True),
        sa.Column("staff", sa.Integer(), nullable=True),
        sa.Column("beds", sa.Integer(), nullable=True),
        sa.Column("pupils", sa.Integer(), nullable=True),
        sa.CheckConstraint("beds >= 0", name=op.f("ck_public_services_facility_beds")),
        sa.CheckConstraint("staff >= 0", name=op.f("ck_public_services_facility_staff")),
    )
    _create(
        "public_services_allowance",
        "household",
        sa.Column("allowance_class", sa.String(40), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("monthly_amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("monthly_amount > 0", name=op.f("ck_public_services_allowance_monthly_amount")),
        sa.CheckConstraint("people > 0", name=op.f("ck_public_services_allowance_people")),
    )
    _create(
        "public_services_care_placement",
        "person",
        sa.Column("mode", sa.String(40), nullable=False),
        sa.Column("institution", sa.String(100), nullable=True),
        sa.Column("monthly_amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("monthly_amount > 0", name=op.f("ck_public_services_care_placement_monthly_amount")),
    )
    _create(
        "public_services_pension",
        "person",
        sa.Column("monthly_amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("account_amount", sa.Numeric(15, 2), nullable=True),
        sa.CheckConstraint(
            "account_amount BETWEEN 0 AND monthly_amount", name=op.f("ck_public_services_pension_account_amount")
        ),
        sa.CheckConstraint("monthly_amount > 0", name=op.f("ck_public_services_pension_monthly_amount")),
    )
    _create(
        "public_services_temporary_relief",
        "household",
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_public_services_temporary_relief_amount")),
    )
    _create(
        "public_services_welfare_grant",
        "person",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("monthly_amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.CheckConstraint("monthly_amount > 0", name=op.f("ck_public_services_welfare_grant_monthly_amount")),
    )


def downgrade() -> None:
    op.drop_table("public_services_welfare_grant")
    op.drop_table("public_services_temporary_relief")
    op.drop_table("public_services_pension")
    op.drop_table("public_services_care_placement")
    op.drop_table("public_services_allowance")
    op.drop_table("public_services_facility")


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
