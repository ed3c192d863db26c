"""Samples as files: CSV, Parquet, or a zip of them with a manifest. ``core.begin`` is the way in."""
