"""Derives GraphQL from the platform's declarations, and executes documents against a database."""

from bangfu_schema.execute.service import DefectError, Graph

__all__ = ["DefectError", "Graph"]
