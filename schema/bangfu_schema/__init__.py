"""Derives GraphQL from the platform's declarations, and executes documents against a database."""

from bangfu_schema.execute.encoding import decoded, encoded
from bangfu_schema.execute.explain import Explained, explain
from bangfu_schema.execute.limits import Limits
from bangfu_schema.execute.observed import Observed
from bangfu_schema.execute.service import DefectError, Graph

__all__ = ["DefectError", "Explained", "Graph", "Limits", "Observed", "decoded", "encoded", "explain"]
