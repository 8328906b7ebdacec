"""The small district in a real database, once for each module."""

from collections.abc import Iterator

import pytest
from tests.query.small import Small

from bangfu_testing import Postgres


@pytest.fixture(scope="module")
def small(postgres: Postgres) -> Iterator[Small]:
    """The small district, ready to be asked and to be recomputed."""
    with postgres.fresh() as database, Small.loaded(database) as ready:
        yield ready
