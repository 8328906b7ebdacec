"""What Python leaves of an opened value is what PostgreSQL leaves of one that stands in clear."""

from datetime import date

import pytest
from sqlalchemy import Text, literal, select

from bangfu.access import Policy, Viewer
from bangfu.declare.fields import Field, Sensitive
from bangfu.declare.text import Text as Title
from bangfu.query.given import Input, Once
from bangfu.query.masks import masked
from bangfu.query.visible import shown_column
from bangfu.store import Database

TEXTS = ("", "王", "王大", "620502198001011234", "13812345678", "6222021234567890123", "abc", "😀👩‍🌾é", "a\tb", "%_")


@pytest.mark.parametrize("rule", Sensitive, ids=lambda rule: rule.name)
def test_both_masks_leave_the_same(rule: Sensitive, empty_database: Database) -> None:
    field = Field(title=Title("某", "Some"), sensitive=rule)
    parameters = Once(Input((), date.max, Policy(Viewer("a clerk"))))
    with empty_database.engine.connect() as connection:
        for text in TEXTS:
            assert connection.scalar(select(shown_column(literal(text, Text()), field, parameters))) == masked(
                text, rule
            )
