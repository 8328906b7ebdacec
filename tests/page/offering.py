"""A server whose page offers made-up people to log in as: run by the installed wheel's own Python."""

import sys

from bangfu.store import Settings, open_database
from bangfu_app.http import create_app
from bangfu_app.http.page import Login
from bangfu_app.http.server import reserve, run
from bangfu_app.identity import open_bearer
from bangfu_app.opening import open_graph
from bangfu_app.readiness import DatabaseReadiness
from bangfu_migrations.branches import load_branches

LOGINS: list[Login] = [
    {"title": "Village officer", "zh": "村專幹", "token": "of nobody"},
    {"title": "Township officer", "zh": "鄉鎮專幹", "token": sys.argv[1]},
]

settings, graph = Settings.load(), open_graph()
with open_database(settings) as database:
    readiness = DatabaseReadiness(database, load_branches(graph.platform.branches))
    app = create_app(graph, database, readiness=readiness, bearer=open_bearer(settings), logins=LOGINS)
    run(app, reserve("127.0.0.1", 0), announce=lambda address: print(address, flush=True))
