"""Finds out who asks: bearer tokens, the keys they are signed with, and the viewer they tell of."""

from bangfu_app.identity.bearer import Bearer, Unauthenticated
from bangfu_app.identity.keys import KeysUnavailable
from bangfu_app.identity.opening import open_bearer

__all__ = ["Bearer", "KeysUnavailable", "Unauthenticated", "open_bearer"]
