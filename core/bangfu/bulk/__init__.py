"""Bulk import: plans what a file would change, and applies that plan."""
