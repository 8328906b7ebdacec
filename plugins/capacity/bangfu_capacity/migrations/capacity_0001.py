"""Creates the tables of capacity: courses, attendances, Rain-and-Dew grants and labour transfers."""

import sqlalchemy as sa
from alembic import op

revision = "capacity_0001"
down_revision = None
branch_labels = ("capacity",)
depends_on = "core_0001"


def upgrade() -> None:
    _create(
        "capacity_course",
        "place",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("mode", sa.String(40), nullable=False),
        sa.Column("organiser", sa.String(100), nullable=False),
        sa.Column("venue", sa.String(100), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_capacity_course_days")),
    )
    _create(
        "capacity_attendance",
        "person",
        sa.Column("course_number", sa.String(40), nullable=True),
        sa.Column("course", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("attended_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("is_certified", sa.Boolean(), nullable=False),
        sa.Column("certificate", sa.String(100), nullable=True),
    )
    _create(
        "capacity_yulu_grant",
        "person",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("school", sa.String(100), nullable=False),
        sa.Column("major", sa.String(100), nullable=True),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_capacity_yulu_grant_amount")),
    )
    _create(
        "capacity_labour_transfer",
        "place",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(40), nullable=False),
        sa.Column("trade", sa.String(40), nullable=False),
        sa.Column("is_organised", sa.Boolean(), nullable=False),
        sa.Column("workers", sa.Integer(), nullable=False),
        sa.Column("income", sa.Numeric(15, 2), nullable=False),
        sa.CheckConstraint("workers >= 0 AND income >= 0", name=op.f("ck_capacity_labour_transfer_numbers")),
    )


def downgrade() -> None:
    op.drop_table("capacity_labour_transfer")
    op.drop_table("capacity_yulu_grant")
    op.drop_table("capacity_attendance")
    op.drop_table("capacity_course")


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
