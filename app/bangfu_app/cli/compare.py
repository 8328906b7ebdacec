"""`bangfu compare`: another department's list against the register, and people's verdicts on what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bangfu_app.cli.files import JsonOption, day_of_the_books, opened, progress, refusals

if TYPE_CHECKING:
    from bangfu.compare.deciding import Candidate, Waiting
    from bangfu.declare.choice import Choice
    from bangfu.store import Database
    from bangfu.store.comparisons import StoredComparison, StoredVerdict
    from bangfu.store.reads import Read

    Chosen = TypeVar("Chosen", bound=Choice)

compare = typer.Typer(help="Lists of other departments against the register. 數據比對", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The id that `bangfu compare load` tells.")]


@compare.command("load")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or JSON lines.", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option("--kind", "-k", metavar="KIND", help="What the list is of, as 車輛 or 死亡.")],
    within: Annotated[
        str, typer.Option(metavar="CODE", help="The place in which names of places are looked up; else the district.")
    ] = "",
    number: Annotated[str, typer.Option(metavar="COLUMN", help="The column of ID numbers; else as 證件號碼.")] = "",
    name: Annotated[str, typer.Option(metavar="COLUMN", help="The column of people's names; else as 姓名.")] = "",
    place: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column of places, by code or name; else as 區劃代碼 or 村.")
    ] = "",
    sheet: Annotated[str, typer.Option(metavar="NAME", help="The sheet of an XLSX file; else the first one.")] = "",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where all that is refused is written, as CSV.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a department's list against the register: a queue of matches and contradictions. 比對

    People are found by ID number, or else by name and place. Nothing in the register is changed.
    The same list is compared anew until somebody has decided on a line of it.

    [bold]Examples[/]
    bangfu compare load vehicles.xlsx --kind 車輛
    bangfu compare load 死亡.csv --kind 死亡 --within 620502101 --name 死者姓名 --place 戶籍村
    """
    from bangfu.compare.lines import Columns
    from bangfu.compare.loading import Comparing, load_comparison

    with opened() as (_, database):
        asked = Comparing(
            path=file,
            kind=kind,
            author=_user(),
            within=_place(database, within),
            today=day_of_the_books(database),
            columns=Columns(number=number or None, name=name or None, place=place or None),
            sheet=sheet or None,
        )
        with refusals(report, is_quiet=as_json) as refuse, progress(file.name) as on_lines:
            made = load_comparison(database.engine, asked, refuse, on_lines=on_lines)
    if as_json:
        _print_json(_described(made))
    else:
        _print_comparison(made)
    if made.rejected:
        raise typer.Exit(1)


@compare.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the comparisons, the newest first, and how many lines of each wait for a verdict. 查看比對"""
    from bangfu.store.comparisons import list_comparisons

    with opened() as (_, database), database.engine.connect() as connection:
        found = list_comparisons(connection, 100)
    if as_json:
        _print_json([{**_described(each), "open": waiting} for each, waiting in found])
        return
    for each, waiting in found:
        _print_comparison(each, waiting)


@compare.command("queue")
def queue(
    id_: IdArgument,
    state: Annotated[
        str, typer.Option(metavar="STATE", help="Only matched, ambiguous, not_found or contradiction.")
    ] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only those without a verdict.")] = False,
    after: Annotated[int, typer.Option(metavar="LINE", min=0, help="Only those after this line: the next page.")] = 0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the lines of a comparison: who is meant, what the department says, what was decided. 待核清單

    Names, and all that the department says, are shown in full; that they were is written to the log of reads.

    [bold]Examples[/]
    bangfu compare queue 3f8a1c0d9b2e4f67 --open
    bangfu compare queue 3f8a1c0d9b2e4f67 --state contradiction --json
    """
    from bangfu.compare.deciding import read_queue, require_comparison
    from bangfu.compare.states import State
    from bangfu.store.reads import note_read

    chosen = _chosen(State, state, "--state") if state else None
    with opened() as (_, database), database.engine.begin() as connection:
        comparison = require_comparison(connection, id_)
        found = read_queue(connection, comparison, state=chosen, only_open=only_open, after=after, most=limit + 1)
        shown = found[:limit]
        if shown:
            note_read(connection, _read(comparison, shown))
    if as_json:
        _print_json([_waiting(each) for each in shown])
    else:
        for each in shown:
            _print_waiting(each)
    if len(found) > limit:
        typer.echo(f"There are more 還有更多: add --after {shown[-1].line}", err=True)


@compare.command("decide")
def decide(
    id_: IdArgument,
    line: Annotated[int, typer.Argument(metavar="LINE", min=1, help="The line of the file.")],
    verdict: Annotated[str, typer.Option(metavar="VERDICT", help="confirmed, refuted or unclear.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, without names and numbers: it is kept in clear.")],
) -> None:
    """Give a line a verdict; one before is kept, and the last one counts. 核實

    Nothing in the register is changed: who has died or has a car is entered as any other change is.

    [bold]Example[/]
    bangfu compare decide 3f8a1c0d9b2e4f67 17 --verdict refuted --reason 車輛已過戶
    """
    from bangfu.compare.deciding import decide as decided
    from bangfu.compare.states import Verdict

    chosen = _chosen(Verdict, verdict, "--verdict")
    with opened() as (_, database):
        decided(database.engine, id_, line, chosen, reason=reason, decided_by=_user())
    typer.echo(f"line {line}: {_titled(chosen)}", err=True)


def _user() -> str:
    import getpass

    return getpass.getuser()


def _chosen(values: type[Chosen], given: str, option: str) -> Chosen:
    """A value of a closed list, by its name in any case, or by its title."""
    for each in values:
        if given.lower() in (each.name.lower(), each.title.zh):
            return each
    known = ", ".join(each.name.lower() for each in values)
    raise typer.BadParameter(f"{given!r} is none of {known}.", param_hint=option)


def _place(database: Database, within: str) -> int:
    """The code of a place that there is; where none is named, that of the only district."""
    from sqlalchemy import select

    from bangfu.declare.codes import parse_code
    from bangfu.declare.grain import Grain
    from bangfu.domain.places import Place
    from bangfu.errors import UserError

    statement = select(Place.code).where(Place.level == Grain.DISTRICT.value, Place.valid_to.is_(None))
    if within:
        try:
            statement = select(Place.code).where(Place.code == parse_code(within))
        except UserError as error:
            raise typer.BadParameter(str(error), param_hint="--within") from None
    with database.engine.connect() as connection:
        found = connection.scalars(statement).all()
    if len(found) != 1:
        why = f"There is no place {within}." if within else "Name the district: there is not just one."
        raise typer.BadParameter(why, param_hint="--within")
    return found[0]


def _read(comparison: StoredComparison, shown: list[Waiting]) -> Read:
    """What is written to the log of reads; the id of the comparison stands where a request has its document."""
    from hashlib import sha256

    from bangfu.declare.codes import district_of, official_code
    from bangfu.store.reads import Read

    people = {one.id for each in shown for one in (each.person, *each.candidates) if one is not None}
    return Read(
        district_code=district_of(comparison.place_code),
        request_id=None,
        viewer=_user(),
        token_id=None,
        operation=f"bangfu compare queue {comparison.id}",
        document=sha256(comparison.id.encode()).hexdigest(),
        places=(official_code(comparison.place_code),),
        shown=("Comparison.said", *(("Person.name",) if people else ())),
        filtered=(),
        ordered=(),
        counts={"Comparison": len(shown), "Person": len(people)},
        succeeded=True,
    )


def _described(made: StoredComparison) -> dict[str, Any]:
    from dataclasses import asdict

    from bangfu.declare.codes import official_code

    told = asdict(made)
    return {"id": told.pop("id"), "place": official_code(told.pop("place_code")), **told}


def _waiting(each: Waiting) -> dict[str, Any]:
    return {
        "line": each.line,
        "state": each.state.name,
        "notes": [note.name for note in each.notes],
        "person": None if each.person is None else _candidate(each.person),
        "candidates": [_candidate(one) for one in each.candidates],
        "said": each.said,
        "verdict": _verdict(each.verdicts[-1]) if each.verdicts else None,
        "earlier": [_verdict(one) for one in each.verdicts[:-1]],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "id": f"person:{one.id}",
        "household": f"household:{one.household_id}",
        "name": one.name,
        "leftOn": one.left_on,
        "departure": None if one.departure is None else one.departure.name,
    }


def _verdict(one: StoredVerdict) -> dict[str, Any]:
    return {"verdict": one.verdict, "reason": one.reason, "by": one.decided_by, "at": one.decided_at}


def _print_json(told: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())


def _print_comparison(made: StoredComparison, waiting: int | None = None) -> None:
    left = "" if waiting is None else f"; {waiting} without a verdict 待核"
    typer.echo(
        f"{made.id}  {_plain(made.kind)} {_plain(made.file)}: {made.matched} matched 已匹配, "
        f"{made.contradictions} contradict 矛盾, {made.ambiguous} ambiguous 多人同名, "
        f"{made.not_found} not found 未找到, {made.rejected} refused 拒絕{left}"
    )


def _print_waiting(each: Waiting) -> None:
    from bangfu.compare.states import Verdict

    lines = [f"line {each.line} 行: " + " · ".join(map(_titled, (each.state, *each.notes)))]
    if each.person is not None:
        lines.append(f"register 登記: {_who(each.person)}")
    lines += [f"perhaps 可能: {_who(one)}" for one in each.candidates]
    lines.append("department 部門: " + " · ".join(f"{header} {text}" for header, text in each.said.items()))
    if each.verdicts:
        last, before = each.verdicts[-1], len(each.verdicts) - 1
        more = f"; {before} before 此前" if before else ""
        when = f"{last.decided_at.astimezone():%Y-%m-%d %H:%M}"
        lines.append(f"verdict 核實: {_titled(Verdict[last.verdict])}: {last.reason} ({last.decided_by}, {when}{more})")
    typer.echo("\n  ".join(map(_plain, lines)))


def _who(one: Candidate) -> str:
    left = "" if one.left_on is None else f"  left 離戶 {one.left_on}"
    why = "" if one.departure is None else f" {_titled(one.departure)}"
    return f"{one.name}  person:{one.id}  household:{one.household_id}{left}{why}"


def _titled(value: Choice) -> str:
    return f"{value.title.zh} {value.title.en}"


def _plain(text: str) -> str:
    """What came from a file, without what a terminal would take for an order."""
    return "".join(each if each.isprintable() else " " for each in text)
