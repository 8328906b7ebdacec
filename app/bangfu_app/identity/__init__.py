"""Finds out who asks: bearer tokens, the keys they are signed with, and the viewer they tell of."""

from bangfu_app.identity.bearer import Bearer, Identity, Unauthenticated, only
from bangfu_app.identity.door import Door
from bangfu_app.identity.keys import KeysUnavailable
from bangfu_app.identity.opening import open_bearer, open_door

__all__ = ["Bearer", "Door", "Identity", "KeysUnavailable", "Unauthenticated", "only", "open_bearer", "open_door"]
