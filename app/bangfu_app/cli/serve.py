"""`bangfu serve`: answers GraphQL requests until it is ended."""

from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine: 0.0.0.0.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
) -> None:
    """Serve the graph at /graphql. 啟動服務

    Starts even while the database is away: /readyz says why it is not ready.
    It recovers by itself.
    Requests need a token: signed (BANGFU_JWT_ISSUER, BANGFU_JWT_KEYS), or issued here (bangfu token issue).
    Without any, it serves the embedded database to this machine alone, where everybody reads everything.

    [bold]Examples[/]
    bangfu serve
    bangfu serve --host 0.0.0.0 --port 80
    """
    from bangfu_app.http.server import reserve, run
    from bangfu_app.opening import open_application

    with reserve(host, port) as bound, open_application(bound.getsockname()[0]) as (app, notice):
        typer.echo(notice, err=True)
        run(app, bound, announce=_announce)


def _announce(address: str) -> None:
    typer.echo(f"Serving at {address}/graphql (Ctrl-C ends it, 按 Ctrl-C 結束)")
