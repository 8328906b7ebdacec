"""The limit: a bare endpoint with one hand-written SQL statement for each question."""
