"""Calibration: from readings to results with uncertainty. The rooms here are pure; see README.md."""
