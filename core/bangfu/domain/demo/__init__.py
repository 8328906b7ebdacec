"""The demo district: synthetic, the same for the same seed, and adding up to the report."""

from bangfu.domain.demo.district import AS_OF, SEED, SOURCE, build_district

__all__ = ["AS_OF", "SEED", "SOURCE", "build_district"]
