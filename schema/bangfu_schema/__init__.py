"""Derives GraphQL from the platform's declarations, and executes documents against a database."""

from bangfu_schema.execute.encoding import decoded, encoded
from bangfu_schema.execute.explain import Explained, explain
from bangfu_schema.execute.limits import Limits
from bangfu_schema.execute.observed import Observed
from bangfu_schema.execute.service import DefectError, Graph
from bangfu_schema.execute.subscription import Change, Interest, Subscription
from bangfu_schema.execute.tokens import count_tokens, operations_of

__all__ = [
    "Change",
    "DefectError",
    "Explained",
    "Graph",
    "Interest",
    "Limits",
    "Observed",
    "Subscription",
    "count_tokens",
    "decoded",
    "encoded",
    "explain",
    "operations_of",
]
