"""The fixtures of the whole house, the same that a department's repository uses."""

import pytest

pytest_plugins = ["bangfu_testing.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes snapshots anew; review the diff."""
    parser.addoption("--update", action="store_true", help="write snapshots anew in place of comparing them")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether snapshots are to be written anew."""
    return bool(request.config.getoption("--update"))
