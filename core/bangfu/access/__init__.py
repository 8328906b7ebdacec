"""Who asks, and what that lets them see."""

from bangfu.access.viewer import Viewer

__all__ = ["Viewer"]
