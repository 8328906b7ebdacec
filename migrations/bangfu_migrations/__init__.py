"""Runs Alembic's revisions over the branches of the core and of every plugin."""

from bangfu_migrations.drift import drift
from bangfu_migrations.runner import BranchStatus, downgrade, make_ready, status, upgrade
from bangfu_migrations.wall import raise_wall

__all__ = ["BranchStatus", "downgrade", "drift", "make_ready", "raise_wall", "status", "upgrade"]
