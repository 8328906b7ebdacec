"""What may be declared: records, units, measures, indicators, plugins."""
