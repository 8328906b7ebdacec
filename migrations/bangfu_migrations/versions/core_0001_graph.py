"""The common graph: places and their lineage, households, people, targets, and the register's own records.

Creates tables only; there are no rows yet. Going down drops them with whatever they hold.
"""

import sqlalchemy as sa
from alembic import op

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None

_LEVEL = (
    "CASE WHEN code % 1000 <> 0 THEN 4 WHEN code % 1000000 <> 0 THEN 3 WHEN code % 1000000000 <> 0 THEN 2 ELSE 1 END"
)


def upgrade() -> None:
    """Creates the tables, the places before what refers to them."""
    op.create_table(
        "place",
        sa.Column("district_code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), sa.Computed(_LEVEL, persisted=True), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("pinyin", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        *_dated("place"),
        sa.CheckConstraint("code / 1000000000 = district_code", name=op.f("ck_place_district")),
        sa.PrimaryKeyConstraint("district_code", "code", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_district_code_level_code"), "place", ["district_code", "level", "code"])

    _create_record(
        "place_succession",
        sa.Column("predecessor_code", sa.BigInteger(), nullable=False),
        sa.Column("successor_code", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        _foreign_key("fk_place_succession_predecessor", "predecessor_code", "place", "code"),
        _foreign_key("fk_place_succession_successor", "successor_code", "place", "code"),
    )
    _create_index("place_succession", "predecessor_code")
    _create_index("place_succession", "successor_code")

    _create_record(
        "household",
        sa.Column("place_code", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("main_cause", sa.String(40)),
        sa.Column("house_area", sa.Numeric(15, 2)),
        sa.Column("house_structure", sa.String(40)),
        sa.Column("is_dilapidated", sa.Boolean()),
        sa.Column("has_safe_water", sa.Boolean()),
        sa.Column("has_electricity", sa.Boolean()),
        sa.Column("has_broadcast", sa.Boolean()),
        sa.Column("road_distance", sa.Numeric(15, 2)),
        _foreign_key("fk_household_place", "place_code", "place", "code"),
    )
    _create_index("household", "place_code")

    _create_record(
        "person",
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("sex", sa.String(40), nullable=False),
        sa.Column("id_number", sa.String(18)),
        sa.Column("born_on", sa.Date()),
        sa.Column("relation", sa.String(40), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date()),
        sa.Column("ethnicity", sa.String(20)),
        sa.Column("education", sa.String(40)),
        sa.Column("is_student", sa.Boolean()),
        sa.Column("health", sa.String(40)),
        sa.Column("labour", sa.String(40)),
        sa.Column("work_months", sa.Integer()),
        sa.Column("has_medical_insurance", sa.Boolean()),
        sa.Column("has_pension_insurance", sa.Boolean()),
        _foreign_key("fk_person_household", "household_id", "household", "id"),
        sa.UniqueConstraint("district_code", "id_number", name=op.f("uq_person_district_code_id_number")),
    )
    _create_index("person", "household_id")

    _create_record(
        "target",
        sa.Column("place_code", sa.BigInteger(), nullable=False),
        sa.Column("indicator", sa.String(120), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(15, 2), nullable=False),
        _foreign_key("fk_target_place", "place_code", "place", "code"),
        sa.UniqueConstraint(
            "district_code",
            "place_code",
            "indicator",
            "starts_on",
            "ends_on",
            name=op.f("uq_target_district_code_place_code_indicator_starts_on_ends_on"),
        ),
    )
    _create_index("target", "place_code")

    _create_record(
        "register_poor_village",
        sa.Column("place_code", sa.BigInteger(), nullable=False),
        _foreign_key("fk_register_poor_village_place", "place_code", "place", "code"),
    )
    _create_index("register_poor_village", "place_code")

    _create_record(
        "register_income",
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("wage", sa.Numeric(15, 2), nullable=False),
        sa.Column("production", sa.Numeric(15, 2), nullable=False),
        sa.Column("property", sa.Numeric(15, 2), nullable=False),
        sa.Column("transfer", sa.Numeric(15, 2), nullable=False),
        sa.Column("expenses", sa.Numeric(15, 2), nullable=False),
        sa.Column("net_per_head", sa.Numeric(15, 2), nullable=False),
        _foreign_key("fk_register_income_household", "household_id", "household", "id"),
        sa.UniqueConstraint(
            "district_code",
            "household_id",
            "year",
            name=op.f("uq_register_income_district_code_household_id_year"),
        ),
    )
    _create_index("register_income", "household_id")

    _create_record(
        "register_land_holding",
        sa.Column("household_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("area", sa.Numeric(15, 2), nullable=False),
        _foreign_key("fk_register_land_holding_household", "household_id", "household", "id"),
    )
    _create_index("register_land_holding", "household_id")

    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )


def downgrade() -> None:
    """Drops the tables and all that they hold, the places last."""
    op.drop_table("setting")
    op.drop_table("register_land_holding")
    op.drop_table("register_income")
    op.drop_table("register_poor_village")
    op.drop_table("target")
    op.drop_table("person")
    op.drop_table("household")
    op.drop_table("place_succession")
    op.drop_table("place")


def _create_record(table: str, *own: sa.schema.SchemaItem) -> None:
    """A table with an id of its own, its own columns and what every row carries."""
    op.create_table(
        table,
        sa.Column("district_code", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(item for item in own if isinstance(item, sa.Column)),
        *_dated(table),
        sa.CheckConstraint("id / 1000000000 = district_code", name=op.f(f"ck_{table}_id")),
        *(item for item in own if not isinstance(item, sa.Column)),
        sa.PrimaryKeyConstraint("district_code", "id", name=op.f(f"pk_{table}")),
    )


def _dated(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The columns that say how far a row can be relied on and since when it holds."""
    return (
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("basis", sa.String(40), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.CheckConstraint("valid_to > valid_from", name=op.f(f"ck_{table}_validity")),
    )


def _foreign_key(name: str, column: str, table: str, key: str) -> sa.ForeignKeyConstraint:
    """A reference within the district, so that the tables can be distributed by it."""
    return sa.ForeignKeyConstraint(
        ["district_code", column], [f"{table}.district_code", f"{table}.{key}"], name=op.f(name)
    )


def _create_index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_district_code_{column}"), table, ["district_code", column])
