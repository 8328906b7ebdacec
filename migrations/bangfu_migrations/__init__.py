"""Runs Alembic's revisions over the branches of the core and of every plugin."""

from bangfu_migrations.drift import drift
from bangfu_migrations.runner import BranchStatus, downgrade, status, upgrade

__all__ = ["BranchStatus", "downgrade", "drift", "status", "upgrade"]
