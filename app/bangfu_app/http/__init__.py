"""Speaks HTTP: the graph at /graphql, and whether the server is well and ready."""

from bangfu_app.http.application import create_app

__all__ = ["create_app"]
