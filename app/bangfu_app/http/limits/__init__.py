"""How much one client may ask for, and how long it may take to say what."""

from bangfu_app.http.limits.guard import Guard

__all__ = ["Guard"]
