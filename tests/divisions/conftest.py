"""The small district, which each test may redraw."""

from collections.abc import Iterator

import pytest
from tests.divisions.county import County

from bangfu_testing import Postgres


@pytest.fixture
def county(postgres: Postgres) -> Iterator[County]:
    """A district of its own for one test."""
    with County.loaded(postgres) as ready:
        yield ready
