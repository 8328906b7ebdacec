"""How entries of a log are chosen on the command line: by whom they are, and from which day on."""

from datetime import datetime
from typing import Annotated

import typer

ViewerOption = Annotated[str, typer.Option(metavar="NAME", help="Only by this viewer, named as its token does.")]
SinceOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], metavar="DATE", help="Only from this day on."),
]
