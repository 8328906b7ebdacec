"""The two districts in a real database, once for each module, to be changed."""

from collections.abc import Iterator

import pytest
from tests.access.asked import Asked

from bangfu_testing import Postgres


@pytest.fixture(scope="module")
def asked(postgres: Postgres) -> Iterator[Asked]:
    """The world, ready to be asked and to be changed."""
    with postgres.fresh() as database, Asked.loaded(database) as ready:
        yield ready
