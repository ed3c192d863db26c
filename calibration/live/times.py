"""Seconds since the epoch as the record and the wire write them."""

from datetime import UTC, datetime

from calibration.record import RecordError


def stamp(t: float) -> str:
    """To the millisecond, UTC."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def second(t: float) -> str:
    """To the second, UTC."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """The other way round; UTC where no zone is given. Raises RecordError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise RecordError(f"{text!r} is neither a day nor a time such as 2026-11-21T08:00:00Z") from e
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
