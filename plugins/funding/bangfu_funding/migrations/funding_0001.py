"""Creates the tables of funding: sources, projects, allocations, loans wanted and granted, guarantee capital."""

import sqlalchemy as sa
from alembic import op

revision = "funding_0001"
down_revision = None
branch_labels = ("funding",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "funding_fund_source",
        "place",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("is_special", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
    )
    _create(
        "funding_village_project",
        "place",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("budget", sa.Numeric(15, 2), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "funding_township_project",
        "place",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("budget", sa.Numeric(15, 2), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("finished_on", sa.Date(), nullable=True),
    )
    _create(
        "funding_allocation",
        "place",
        sa.Column("fund_number", sa.String(40), nullable=True),
        sa.Column("project_number", sa.String(40), nullable=True),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("is_special", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
    )
    _create(
        "funding_loan_demand",
        "household",
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("recognised_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount > 0 AND amount <= 50000", name=op.f("ck_funding_loan_demand_amount")),
    )
    _create(
        "funding_loan",
        "household",
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(100), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("annual_rate", sa.Numeric(15, 2), nullable=False),
        sa.Column("repayment", sa.String(40), nullable=False),
        sa.Column("is_guaranteed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount > 0 AND amount <= 50000", name=op.f("ck_funding_loan_amount")),
        sa.CheckConstraint("annual_rate >= 0", name=op.f("ck_funding_loan_annual_rate")),
        sa.CheckConstraint("months BETWEEN 1 AND 36", name=op.f("ck_funding_loan_months")),
    )
    _create(
        "funding_guarantee_contribution",
        "place",
        sa.Column("company", sa.String(100), nullable=False),
        sa.Column("contributor", sa.String(100), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("contributed_on", sa.Date(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("funding_guarantee_contribution")
    op.drop_table("funding_loan")
    op.drop_table("funding_loan_demand")
    op.drop_table("funding_allocation")
    op.drop_table("funding_township_project")
    op.drop_table("funding_village_project")
    op.drop_table("funding_fund_source")


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
