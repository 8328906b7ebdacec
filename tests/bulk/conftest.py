"""An office with a demo district of its own."""

from pathlib import Path

import pytest
from tests.bulk.office import Office

from bangfu.store import Database


@pytest.fixture
def office(demo_copy: Database, tmp_path: Path) -> Office:
    """It may import what it likes."""
    return Office(demo_copy, tmp_path)
