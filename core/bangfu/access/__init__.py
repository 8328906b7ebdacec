"""Who asks, and what they may do: viewers, permissions, and the policy that follows from both; pure decisions."""

from bangfu.access.hearing import heard_places, may_hear, needed_to_hear
from bangfu.access.permissions import (
    AUDIT,
    PERSONAL,
    SQL,
    is_open,
    needed_for,
    needed_to_ask,
    needed_to_change,
    needed_to_count,
    permissions,
    reading,
    writing,
)
from bangfu.access.policy import EVERYTHING, Forbidden, Policy
from bangfu.access.viewer import Viewer

__all__ = [
    "AUDIT",
    "EVERYTHING",
    "PERSONAL",
    "SQL",
    "Forbidden",
    "Policy",
    "Viewer",
    "heard_places",
    "is_open",
    "may_hear",
    "needed_for",
    "needed_to_ask",
    "needed_to_change",
    "needed_to_count",
    "needed_to_hear",
    "permissions",
    "reading",
    "writing",
]
