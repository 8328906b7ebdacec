"""The core's own branch."""
