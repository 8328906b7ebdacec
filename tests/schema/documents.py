"""Documents about the demo district with one thing in them that may be wrong."""

CODE = "620502"
LONG = "水" * 60_000


def households(filter_: str = "", rest: str = "") -> str:
    given = f"filter: {{ {filter_} }}" if filter_ else ""
    return f'{{ households(within: "{CODE}", {given} {rest}) {{ totalCount nodes {{ id }} }} }}'


def villages(filter_: str = "", rest: str = "") -> str:
    given = f"filter: {{ {filter_} }}" if filter_ else ""
    return f'{{ villages(within: "{CODE}", {given} {rest}) {{ totalCount nodes {{ id }} }} }}'


def measure(arguments: str) -> str:
    return f'{{ district(code: "{CODE}") {{ register {{ households({arguments}) {{ value }} }} }} }}'
