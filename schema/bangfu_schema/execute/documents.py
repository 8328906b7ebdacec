"""Documents, parsed and validated once: the same text is not read again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BREAK,
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.execution.values import VariableValues
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValidationContext
from graphql.validation.validate import ValidationAbortedError

from bangfu.errors import UserError, quoted
from bangfu.query.given import Arguments
from bangfu_schema.compile.selection import Chosen, Site
from bangfu_schema.execute.limits import Assessor, Demand, Limits, check_definitions, check_text

_MOST = 500
_PLACES = {"within", "code", "place"}
_LONGEST = 20_000  # characters; longer documents are answered, but not kept
MOST_ERRORS = 5
"""How many mistakes are told: for each, names are looked for that may have been meant, which takes milliseconds."""
_COMPARISONS = 10_000  # of fields with each other; a document of 2,000 tokens that repeats nothing has none


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A root field's selection as it was read, and where its arguments stand."""

    chosen: Chosen
    sites: tuple[Site, ...]
    fixed: tuple[Arguments, ...]
    """The arguments of sites that no variable changes, and nothing for the others."""
    varying: tuple[int, ...]
    """The sites whose arguments hold a variable."""
    placed: tuple[int, ...]
    """The sites whose arguments hold none, but may name a place."""
    ways: Mapping[int, tuple[str, ...]]
    """The path in the answer to each site's field, or, below a list, to the list."""

    @classmethod
    def of(cls, chosen: Chosen, sites: Sequence[Site]) -> "Skeleton":
        """What was read of a selection."""
        varying = tuple(place for place, site in enumerate(sites) if _varies(site))
        fixed = tuple({} if place in varying else site.arguments(None) for place, site in enumerate(sites))
        placed = tuple(place for place, given in enumerate(fixed) if _PLACES & given.keys())
        return cls(chosen, tuple(sites), fixed, varying, placed, dict(_ways(chosen, sites, ())))

    @property
    def is_nullable(self) -> bool:
        """Whether the field itself, whose site is the first, may be null."""
        return not is_non_null_type(self.sites[0].definition.type)

    def arguments(self, variables: VariableValues) -> list[Arguments]:
        """The arguments of every site for a request."""
        found = list(self.fixed)
        for place in self.varying:
            found[place] = self.sites[place].arguments(variables)
        return found


Route = tuple[tuple[str, Skeleton], ...]
"""All fields of the root of an operation, by their keys in the answer; each is answered by one statement."""


@dataclass(frozen=True, eq=False)
class Document:
    """A document that may be executed, and the selections that have been read in it."""

    node: DocumentNode
    switches: tuple[str, ...]
    """The variables that `@skip` and `@include` depend on."""
    skeletons: dict[Hashable, Skeleton] = field(default_factory=dict)
    routes: dict[Hashable, Route] = field(default_factory=dict)
    sizes: tuple[str, ...] = ()
    """The variables that say how many rows a list has."""
    rows: tuple[str, ...] = ()
    """The variables that are rows of a mutation."""
    days: tuple[str, ...] = ()
    """The variables that say as of which day something is told."""
    demands: dict[Hashable, Demand] = field(default_factory=dict)

    def skeleton(self, name: Hashable, read: Callable[[], Skeleton]) -> Skeleton:
        """A field of the root as it was read before, or is read now."""
        skeleton = self.skeletons.get(name)
        if skeleton is None:
            if len(self.skeletons) >= _MOST:
                self.skeletons.clear()  # a document of many switches has more outcomes than are worth keeping
            skeleton = self.skeletons[name] = read()
        return skeleton

    def note(self, name: Hashable, route: Route) -> None:
        """Keeps a route for later requests."""
        if len(self.routes) >= _MOST:
            self.routes.clear()
        self.routes[name] = route

    def outcome(self, variables: Mapping[str, Any]) -> Hashable:
        """What decides which of its fields are left out."""
        return tuple(bool(variables.get(name)) for name in self.switches)

    def demand(self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Demand:
        """What an operation asks for with these variables; assessed once for the same sizes of lists.

        Of days it only matters whether there is one; where none is given, the operation itself may have one.
        """
        name = operation.name.value if operation.name else None
        # Only numbers tell a size; whatever else a client sends there is not kept.
        sizes = (value if isinstance(value := variables.get(each), int) else None for each in self.sizes)
        rows = (len(value) if isinstance(value := variables.get(each), list) else None for each in self.rows)
        days = (variables[each] is not None if each in variables else None for each in self.days)
        key = (name, *sizes, *rows, *days)
        demand = self.demands.get(key)
        if demand is None:
            if len(self.demands) >= _MOST:
                self.demands.clear()
            demand = self.demands[key] = Assessor(schema, self.node, _with_defaults(operation, variables)).demand(
                operation
            )
        return demand

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one; raises UserError where there is none, or no one."""
        found = [each for each in self.node.definitions if isinstance(each, OperationDefinitionNode)]
        if name is None and len(found) > 1:
            raise _unchosen("the document has several operations")
        chosen = [each for each in found if name in (None, each.name.value if each.name else None)]
        if not chosen:
            what = "the document has no operation" if name is None else f"{quoted(name)} is no operation of it"
            raise _unchosen(what)
        return chosen[0]


class Documents:
    """The documents in use, the least recently used one dropped first."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self.most = _MOST
        self.hits = 0
        self.misses = 0

    def find(self, text: str, operation: str | None) -> tuple[Document, OperationDefinitionNode]:
        """The document of a text, and its operation of that name, or its only one.

        Raises Refused with what is wrong with the document, and UserError where no operation is meant, or no one, and
        where the document is longer or more repetitive than may be read.
        """
        document = self._kept.get(text)
        if document is not None:
            self.hits += 1
            self._kept.move_to_end(text)
            return document, document.operation(operation)
        self.misses += 1
        check_text(text, self._limits)
        document = self._parsed(text)
        check_definitions(document.node, self._limits)
        chosen = document.operation(operation)  # before it is validated, which would say it in other words
        self._validate(document)
        if len(text) <= _LONGEST:
            self._kept[text] = document
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return document, chosen

    def _parsed(self, text: str) -> Document:
        used = _Used()
        try:
            node = parse(text)
            visit(node, used)
        except GraphQLError as error:
            raise Refused([error]) from None
        except RecursionError:
            raise Refused([GraphQLError("The document is nested too deeply.")]) from None
        sizes, rows, days = (tuple(sorted(used.by_arguments[name])) for name in ("first", "rows", "asOf"))
        return Document(node, tuple(sorted(used.by_directives)), sizes=sizes, rows=rows, days=days)

    def _validate(self, document: Document) -> None:
        try:
            errors = validate(self._schema, document.node, _RULES, max_errors=MOST_ERRORS)
        except RecursionError:
            errors = [GraphQLError("The document is nested too deeply.")]
        if len(errors) == 1 and isinstance(errors[0], ValidationAbortedError):
            found = "repeats its fields too often, or has fragments too deep inside each other, to be checked"
            raise UserError(f"The document {found}. Write each field and each fragment once.", code="TOO_WIDE")
        if errors:
            raise Refused(errors)


class _Merging(OverlappingFieldsCanBeMergedRule):
    """The rule whose work grows with the square of what a document repeats, and which is given less patience."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _COMPARISONS


_RULES = tuple(_Merging if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules)


class Refused(Exception):  # noqa: N818 - reads as what it says
    """A document that cannot be executed."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


class _Used(Visitor):
    """Collects the variables that decide what is chosen, and how much of it."""

    def __init__(self) -> None:
        super().__init__()
        self.by_directives: set[str] = set()
        self.by_arguments: dict[str, set[str]] = {"first": set(), "rows": set(), "asOf": set()}

    def enter_directive(self, node: Any, *_: Any) -> None:  # graphql-core hands on much that is not needed
        """Notes each variable among a directive's arguments."""
        self.by_directives |= {each.value.name.value for each in node.arguments or () if _is_variable(each)}

    def enter_field(self, node: Any, *_: Any) -> None:  # as above
        """Notes the variable that says how many rows a list has, that is a mutation's rows, or a day."""
        for each in node.arguments or ():
            if _is_variable(each) and each.name.value in self.by_arguments:
                self.by_arguments[each.name.value].add(each.value.name.value)


def _is_variable(argument: ArgumentNode) -> bool:
    return isinstance(argument.value, VariableNode)


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables, with the default values that the operation itself gives for numbers, lists and days."""
    defaults: dict[str, Any] = {}
    for each in operation.variable_definitions or ():
        match each.default_value:
            case IntValueNode() as number:
                defaults[each.variable.name.value] = int(number.value)
            case ListValueNode() as listed:
                defaults[each.variable.name.value] = listed.values
            case StringValueNode() as day:
                defaults[each.variable.name.value] = day.value
    return defaults | dict(variables)


class _Variables(Visitor):
    """Tells whether there is a variable."""

    found = False

    def enter_variable(self, *_: Any) -> Any:  # as above
        """Notes it, and looks no further."""
        self.found = True
        return BREAK


def _ways(
    chosen: Chosen, sites: Sequence[Site], above: tuple[str, ...], *, in_list: bool = False
) -> Iterator[tuple[int, tuple[str, ...]]]:
    way = above if in_list else (*above, chosen.key)
    yield chosen.place, way
    is_list = in_list or is_list_type(get_nullable_type(sites[chosen.place].definition.type))
    for each in chosen.below:
        yield from _ways(each, sites, way, in_list=is_list)


def _varies(site: Site) -> bool:
    variables = _Variables()
    for argument in site.node.arguments or ():
        visit(argument, variables)
    return variables.found


def _unchosen(found: str) -> UserError:
    return UserError(f"{found}. Accepted: the name of one operation of the document.", argument="operationName")
