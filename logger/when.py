"""Instants as people write them: ``2h`` ago, or an ISO date and time. Pure."""

import re
from datetime import UTC, datetime, tzinfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


class WhenError(ValueError):
    """A text that is no instant; the text says what was expected."""


def parse(text: str, now_us: int, zone: tzinfo | None = None) -> int:
    """µs since the epoch. A time that names no zone is in ``zone``, else the local one. Raises WhenError."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now_us - round(float(ago[1]) * _UNITS[ago[2]] * 1_000_000)
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as e:
        raise WhenError(
            f"{text!r} is no time: write 90s, 30m, 2h, 7d or 1w ago, or an ISO date and time like 2026-11-20T14:00"
        ) from e
    if instant.tzinfo is None and zone is not None:
        instant = instant.replace(tzinfo=zone)
    since = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def iso(t_us: int) -> str:
    """UTC with microseconds: 2026-11-20T14:00:00.000250Z."""
    seconds, us = divmod(t_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{us:06d}Z"
