"""The command `bangfu`, as a person types it in a terminal."""

from bangfu_app.cli.application import main

__all__ = ["main"]
