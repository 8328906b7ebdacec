"""Reads files that people fill in: from CSV, XLSX or JSON lines to rows of a record, without a database."""
