"""The public audit of GraphQL over HTTP (npm `graphql-http`): every demand is met, those that are only advice too."""

import pytest
from tests.clients.conftest import Script, Server

pytestmark = pytest.mark.node


def test_the_server_meets_every_demand(server: Server, script: Script) -> None:
    results = script("audit.mjs", server.url, server.token)
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == 61
