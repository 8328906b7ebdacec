"""Who asks, and what that lets them see."""

from bangfu.access.hearing import heard_places, may_hear, needed_to_hear
from bangfu.access.viewer import Viewer

__all__ = ["Viewer", "heard_places", "may_hear", "needed_to_hear"]
