"""Calibrations on live data: a state machine without clock or wires, and the programs that feed it."""
