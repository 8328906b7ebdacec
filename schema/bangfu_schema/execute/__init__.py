"""Answers the derived fields: the plain path, batched by level, the reference for any faster one."""
