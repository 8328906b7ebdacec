"""The two districts in a real database, once for each module."""

from collections.abc import Iterator

import pytest
from tests.access.asked import Asked

from bangfu_testing import Postgres


@pytest.fixture(scope="module")
def asked(postgres: Postgres) -> Iterator[Asked]:
    """The world, ready to be asked by viewers and to be recomputed."""
    with postgres.fresh() as database, Asked.loaded(database) as ready:
        yield ready
