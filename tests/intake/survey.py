"""A record with a column of every kind, as a department would declare it, and ways to write files of it."""

import csv
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Mapped
from sqlalchemy.schema import Column

from bangfu import (
    Choice,
    HouseholdRecord,
    PersonRecord,
    Sensitive,
    Text,
    VillageRecord,
    choice,
    day,
    flag,
    quantity,
    text,
    whole,
)
from bangfu.declare.records import Dated, columns_of
from bangfu.intake.cells import read_value
from bangfu.intake.unreadable import Unreadable


class Crop(Choice):
    """What grows."""

    ORCHARD = "林果", "Orchard"
    HERB = "中藥材", "Medicinal herb"
    GRAIN = "糧食", "Grain"


class Illness(Choice):
    """What somebody has."""

    CHRONIC = "長期慢性病", "Chronic illness"
    SERIOUS = "大病", "Serious illness"


class Survey(HouseholdRecord):
    """What was found in a household."""

    __plugin__ = "survey"
    __title__ = Text("入戶調查", "Survey of a household")

    crop: Mapped[Crop] = choice(Crop, zh="作物", en="Crop")
    area: Mapped[Decimal] = quantity("mu", zh="面積", en="Area", most=500)
    heads: Mapped[int | None] = whole("person", zh="在場人數", en="People met", least=1, most=20)
    balance: Mapped[Decimal | None] = quantity("yuan", zh="結餘", en="Balance", least=None)
    sown_on: Mapped[date | None] = day(zh="播種日期", en="Sown on")
    is_new: Mapped[bool | None] = flag(zh="是否新發展", en="New")
    remark: Mapped[str | None] = text(10, zh="備註", en="Remark")


class Card(PersonRecord):
    """What a person has that is nobody else's business."""

    __plugin__ = "survey"
    __title__ = Text("證卡", "Cards")

    id_number: Mapped[str] = text(18, zh="證件號碼", en="ID number", sensitive=Sensitive.ID_NUMBER, sealed=True)
    phone: Mapped[str | None] = text(11, zh="電話", en="Phone", sensitive=Sensitive.PHONE, sealed=True)
    illness: Mapped[Illness | None] = choice(Illness, zh="病情", en="Illness", sensitive=Sensitive.HIDDEN)
    spent: Mapped[Decimal | None] = quantity("yuan", zh="醫療支出", en="Spent on it", sensitive=Sensitive.HIDDEN)


class Spring(VillageRecord):
    """A spring in a village."""

    __plugin__ = "survey"
    __title__ = Text("水源", "Spring")

    name: Mapped[str] = text(20, zh="名稱", en="Name")


HOUSEHOLD = 620502000000001
GOOD = {"戶號": str(HOUSEHOLD), "作物": "林果", "面積": "3.5"}
"""A row of Survey with all that has to be given."""

READ = {"household_id": HOUSEHOLD, "crop": Crop.ORCHARD, "area": Decimal("3.50")}


def column(record: type[Dated], name: str) -> Column[Any]:
    """A column by its name."""
    (found,) = (each for each in columns_of(record) if each.key == name)
    return found


def read(name: str, raw: object, record: type[Dated] = Survey) -> Any:
    """What a cell of a column is read as."""
    return read_value(column(record, name), raw)


def told(name: str, raw: object, record: type[Dated] = Survey) -> Unreadable:
    """Why a cell of a column is not read."""
    with pytest.raises(Unreadable) as caught:
        read(name, raw, record)
    assert caught.value.message.zh
    assert caught.value.message.en
    return caught.value


def write_csv(path: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Writes a file as a spreadsheet would."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_json(path: Path, rows: Sequence[object]) -> Path:
    """Writes each row as a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
