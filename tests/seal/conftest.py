"""The small register with sealed columns in a database of its own."""

from collections.abc import Iterator

import pytest
from tests.seal.registry import Asked, asked

from bangfu_testing import Postgres


@pytest.fixture(scope="module")
def register(postgres: Postgres) -> Iterator[Asked]:
    """To ask; whoever changes rows takes `own`."""
    with postgres.fresh() as database, asked(database) as ready:
        yield ready


@pytest.fixture
def own(postgres: Postgres) -> Iterator[Asked]:
    """A register of a test's own."""
    with postgres.fresh() as database, asked(database) as ready:
        yield ready
