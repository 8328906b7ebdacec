"""The demo district, built once for all tests of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bangfu import DemoDistrict
from bangfu.domain.demo import build_district

Tables = dict[str, Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="session")
def built() -> tuple[DemoDistrict, Tables]:
    """The district and its rows by table."""
    district, loads = build_district()
    return district, {load.of.__tablename__: load.rows for load in loads}


@pytest.fixture(scope="session")
def district(built: tuple[DemoDistrict, Tables]) -> DemoDistrict:
    """The district as a plugin sees it."""
    return built[0]


@pytest.fixture(scope="session")
def tables(built: tuple[DemoDistrict, Tables]) -> Tables:
    """The core's rows by table."""
    return built[1]
