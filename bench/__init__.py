"""Measures how fast the graph answers, against hand-written SQL and against a server written the usual way."""
