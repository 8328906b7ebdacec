"""Changes data: bulk loading; what else writes comes here."""
