"""`bangfu token`: tokens for people and programs, issued here and kept as hashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bangfu.registry import Platform
    from bangfu.store import Database
    from bangfu.store.tokens import StoredToken
    from bangfu_app.identity.issuing import Issued

token = typer.Typer(help="Tokens that let people and programs in. 訪問令牌", no_args_is_help=True)


@token.command("issue")
def issue(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; `viewer` and the log tell it.")],
    office: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="OFFICE",
            help="What an office is usually given: village, township, sector:PLUGIN, analyst, district.",
        ),
    ] = "",
    roles: Annotated[list[str] | None, typer.Option("--role", help="A role to show; may be repeated.")] = None,
    places: Annotated[
        list[str] | None, typer.Option("--place", help="Official code of a place, with all inside it; may be repeated.")
    ] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="All places.")] = False,
    permissions: Annotated[
        list[str] | None, typer.Option("--permission", help="Such as industry:read; may be repeated.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="For how many days it lets somebody in.")] = 90,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object, with the token as `token`.")] = False,
) -> None:
    """Issue a token, and show it this once. 簽發令牌

    Only its hash is kept: who loses it is given another.
    A server that runs takes it at once.

    [bold]Examples[/]
    bangfu token issue 王專幹 --as township --place 620502101
    bangfu token issue "the dashboard" --as analyst --days 365
    bangfu token issue survey --everywhere --permission register:read --permission industry:read
    """
    from bangfu_app.identity.claims import EVERYWHERE
    from bangfu_app.identity.issuing import issue_token
    from bangfu_app.identity.offices import Grant, grant_of
    from bangfu_app.opening import open_platform

    if everywhere and places:
        raise typer.BadParameter("all places are meant already; give one of --place and --everywhere.")
    if not office and not permissions:
        raise typer.BadParameter("the token would permit nothing; give --permission, or an office with --as.")
    where = (EVERYWHERE,) if everywhere else tuple(places or ())
    platform = open_platform()
    grant = grant_of(office, platform, where) if office else Grant(places=where)
    if not grant.places:
        raise typer.BadParameter("the token would show no place; give --place or --everywhere.")
    whole = Grant(
        roles=tuple(dict.fromkeys((*grant.roles, *(roles or ())))),
        places=grant.places,
        permissions=tuple(sorted({*grant.permissions, *(permissions or ())})),
    )
    with _opened(platform) as database, database.engine.begin() as connection:
        issued = issue_token(connection, platform, name, whole, days=days)
    if as_json:
        _print_json({**_described(issued.stored), "token": issued.token.text})
    else:
        _show(issued)


@token.command("list")
def list_tokens(
    everything: Annotated[bool, typer.Option("--all", help="Those too that have expired or were revoked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead of a table.")] = False,
) -> None:
    """List the tokens that let somebody in. 列出令牌

    The tokens themselves are not kept, and not shown.

    [bold]Examples[/]
    bangfu token list
    bangfu token list --all --json
    """
    from bangfu.store.tokens import read_tokens
    from bangfu_app.opening import open_platform

    with _opened(open_platform()) as database, database.engine.connect() as connection:
        found = read_tokens(connection, ended_after=None if everything else datetime.now(UTC))
    if as_json:
        _print_json([_described(each) for each in found])
    else:
        _print_table(found)


@token.command("revoke")
def revoke(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="Its id, as `bangfu token list` shows it; or the token.")
    ],
) -> None:
    """Revoke a token: it lets nobody in any more. 撤銷令牌

    A server that runs refuses it within a second.

    [bold]Examples[/]
    bangfu token revoke 7k2m9x4c1p
    """
    from bangfu_app.identity import issuing
    from bangfu_app.opening import open_platform

    with _opened(open_platform()) as database, database.engine.begin() as connection:
        found, is_new = issuing.revoke(connection, token_id)
    told = "revoked. 已撤銷" if is_new else "was revoked before. 此前已撤銷"
    typer.echo(f"Token {found.id} of {found.name} {told}")


@contextmanager
def _opened(platform: Platform) -> Iterator[Database]:
    from bangfu.store import Settings, open_database
    from bangfu_app.opening import require_tables

    with open_database(Settings.load()) as database:
        require_tables(database, platform)
        yield database


def _state(stored: StoredToken) -> str:
    if stored.revoked_on is not None:
        return "revoked"
    return "valid" if stored.is_valid(datetime.now(UTC)) else "expired"


def _described(stored: StoredToken) -> dict[str, object]:
    return {
        "id": stored.id,
        "name": stored.name,
        "state": _state(stored),
        "roles": stored.roles,
        "places": stored.places,
        "permissions": stored.permissions,
        "demo": stored.is_demo,
        "issued_on": stored.issued_on,
        "expires_on": stored.expires_on,
        "revoked_on": stored.revoked_on,
        "last_used": stored.last_used,
    }


def _print_json(plain: object) -> None:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
    typer.echo(orjson.dumps(plain, option=options).decode())


def _show(issued: Issued) -> None:
    """The token alone on stdout, so that a script can take it; what it gives beside it."""
    stored = issued.stored
    named = ", ".join(f"{code} {name}" for code, name in issued.places.items())
    told = {
        "Token of 持有人": f"{stored.name} (id {stored.id})",
        "Roles 角色": ", ".join(stored.roles) or "none",
        "Places 地方": named or "all 全部",
        "Permissions 權限": ", ".join(stored.permissions),
        "Expires 到期": _day(stored.expires_on),
    }
    for title, value in told.items():
        typer.echo(f"{title}: {value}", err=True)
    typer.secho("Keep it now: it is not shown again. 令牌僅顯示一次", fg="yellow", err=True)
    typer.echo(issued.token.text)


def _print_table(found: list[StoredToken]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not found:
        typer.echo("No token lets anybody in. 沒有有效的令牌  Issue one: bangfu token issue", err=True)
        return
    table = Table(title="Tokens 令牌", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, show_lines=True)
    table.add_column("Id", no_wrap=True, style="cyan")
    table.add_column("Whose 持有人", overflow="fold")
    table.add_column("Gives 權限", overflow="fold")
    table.add_column("State 狀態", no_wrap=True)
    for each in found:
        table.add_row(
            each.id,
            escape("\n".join((each.name, *each.roles))),
            f"{_places(each)}\n[dim]{', '.join(each.permissions)}[/]",
            f"{_coloured(each)}\nuntil {_day(each.expires_on)}\n{_use(each)}",
        )
    Console(highlight=False).print(table)


def _places(stored: StoredToken) -> str:
    return "all places 全部地方" if "*" in stored.places else ", ".join(stored.places)


def _coloured(stored: StoredToken) -> str:
    told = {
        "valid": "[green]valid 有效[/]",
        "expired": "[yellow]expired 已過期[/]",
        "revoked": "[dim]revoked 已撤銷[/]",
    }
    return told[_state(stored)] + (" demo" if stored.is_demo else "")


def _use(stored: StoredToken) -> str:
    return "never used" if stored.last_used is None else f"used {_day(stored.last_used)}"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d}"
