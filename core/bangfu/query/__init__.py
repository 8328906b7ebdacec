"""Turns declarations into SQL expressions: filters, orderings, pages, measures; opens nothing."""
