"""The command line, for the tests of it."""

from pathlib import Path

import pytest
from tests.app.command import Bangfu


@pytest.fixture
def bangfu(tmp_path: Path) -> Bangfu:
    """The command line, with a home of its own."""
    return Bangfu(tmp_path)
