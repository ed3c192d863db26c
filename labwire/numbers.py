"""A value with as many digits as it deserves."""

import math

from broker.messages import Value


def number_text(value: Value, resolution: float | None) -> str:
    """A value with the digits of the channel's resolution (four significant ones where it has none)."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if resolution:
        return f"{value:.{max(0, math.ceil(-math.log10(resolution) - 1e-9))}f}"
    return f"{value:.4g}"
