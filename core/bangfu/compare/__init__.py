"""Holds a list of another department against the register, and takes people's verdicts on what came of it."""
