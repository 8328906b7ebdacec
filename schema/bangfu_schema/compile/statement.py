"""A root field as one statement: its JSON, and whether the places it names are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, select

from bangfu.declare.codes import DISTRICT_SPAN, level_of, parse_code
from bangfu.query.given import Arguments, Given, Parameters
from bangfu.query.scope import in_force_then, scope
from bangfu.query.values import parse_id, place_key
from bangfu.query.visible import check_may_read, visible
from bangfu.registry import Node
from bangfu_schema.compile.build import Build, Hole, NamedPlace, Nodes, SealedHole
from bangfu_schema.compile.form import columns_of, labelled, one
from bangfu_schema.compile.measures import Rows
from bangfu_schema.compile.page import connection
from bangfu_schema.compile.row import row
from bangfu_schema.compile.selection import Chosen
from bangfu_schema.derive.fields import OfChanged, OfChanging, OfMany, OfNode, OfPlace, OfProcedure, OfRow, OfSpace


@dataclass(frozen=True)
class Statement:
    """A root field's statement: its JSON, then whether each of `places` is known, then the day the books stand on."""

    select: Select[Any]
    places: tuple[NamedPlace, ...]
    holes: tuple[Hole | SealedHole, ...]
    is_wide: bool


def compile_field(
    nodes: Nodes, chosen: Chosen, parameters: Parameters, arguments: Sequence[Arguments], day: ColumnElement[Any]
) -> Statement:
    """A root field as a statement; raises UserError for arguments that cannot be."""
    build = Build(nodes, parameters, arguments)
    json = _json(build, chosen)
    known = [place.known.label(f"known_{number}") for number, place in enumerate(build.places)]
    columns = select(json.label("json"), *known, day.label("day"))
    return Statement(columns, tuple(build.places), tuple(build.holes), build.is_wide)


def check_payload(nodes: Nodes, chosen: Chosen, parameters: Parameters, arguments: Sequence[Arguments]) -> None:
    """Raises UserError where what is to be shown of changed rows cannot be: before they are changed."""
    assert isinstance(chosen.meaning, OfChanging | OfProcedure), "only a mutation has a payload"
    node, build = chosen.meaning.node, Build(nodes, parameters, arguments)
    for each in chosen.below:
        if each.meaning in (OfChanged("rows"), OfChanged("row")):
            check_may_read(node, build.given(each))
            show, _ = row(build, Rows(node, node.table.alias(build.name("o"))), each.below)
            show(each.below)


def _json(build: Build, chosen: Chosen) -> ColumnElement[Any]:
    given = build.given(chosen)
    match chosen.meaning:
        case OfRow(node):
            if node.is_place:
                build.look_for(given.at("code"), "code")
                return _one_row(build, node, given.at("code"), lambda code: place_key(node, code, "code"), chosen)
            known = {node.prefix: node}
            return _one_row(build, node, given.at("id"), lambda value: parse_id(value, known)[1], chosen)
        case OfNode():
            nodes = build.nodes.by_prefix
            node, _ = parse_id(given.value["id"], nodes)
            return _one_row(build, node, given.at("id"), lambda value: parse_id(value, nodes)[1], chosen)
        case OfPlace():
            node = place_of(build.nodes, given.value["place"], "place")
            build.look_for(given.at("place"), "place")
            return _one_row(build, node, given.at("place"), lambda code: place_key(node, code, "place"), chosen)
        case OfMany(link):
            return connection(build, link, chosen, None, row)
        case OfSpace():
            columns = columns_of(chosen.below, lambda each: _list(build, each))
            return one(select(*labelled(columns)), columns, build.name("s"))
    raise AssertionError(f"{chosen.meaning} is no field of the root that SQL answers")


def place_of(nodes: Nodes, official: str, argument: str) -> Node:
    """The level of a place by its official code; raises UserError for what is none."""
    return nodes.core[level_of(parse_code(official, argument=argument))]


def _list(build: Build, chosen: Chosen) -> ColumnElement[Any]:
    assert isinstance(chosen.meaning, OfMany), "a namespace of the root has lists only"
    return connection(build, chosen.meaning.link, chosen, None, row)


def _one_row(
    build: Build, node: Node, given: Given, key_of: Callable[[str], int], chosen: Chosen
) -> ColumnElement[Any]:
    check_may_read(node, given)
    rows = node.table.alias(build.name("o"))
    lies_in_own = (
        node.is_place and isinstance(chosen.meaning, OfRow | OfPlace) and build.parameters.policy.covers(given.value)
    )
    show, joined = row(build, Rows(node, rows, lies_in_own=lies_in_own), chosen.below)
    columns = show(chosen.below)
    here = [
        rows.c.district_code == given.bind(lambda value, _: key_of(value) // DISTRICT_SPAN, Integer()),
        rows.c[node.key] == given.bind(lambda value, _: key_of(value), BigInteger()),
        *scope(node, rows, None),
        *in_force_then(node, rows, build.parameters),
        *visible(node, rows, build.parameters),
    ]
    return one(select(*labelled(columns)).select_from(joined).where(*here), columns, build.name("r"))
