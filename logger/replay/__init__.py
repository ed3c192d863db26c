"""The flight recorder: recorded traffic published again below another root."""
