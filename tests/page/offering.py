"""A server whose page offers made-up people to log in as: run by the installed wheel's own Python."""

import sys

from bangfu.store import Settings, open_database
from bangfu_app.http import create_app
from bangfu_app.http.page import Login
from bangfu_app.http.server import reserve, run
from bangfu_app.identity import open_bearer
from bangfu_app.opening import open_graph

LOGINS: list[Login] = [
    {"title": "Village officer", "zh": "村專幹", "token": "of nobody"},
    {"title": "Township officer", "zh": "鄉鎮專幹", "token": sys.argv[1]},
]


async def ready() -> None:
    """Nothing is lacking: the tests have built the district."""


settings, graph = Settings.load(), open_graph()
with open_database(settings) as database:
    app = create_app(graph, database, readiness=ready, bearer=open_bearer(settings), logins=LOGINS)
    run(app, reserve("127.0.0.1", 0), announce=lambda address: print(address, flush=True))
