"""Days and times as the register keeps them: UTC, ``2026-11-21T08:00:00Z``. A day alone is its first moment."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from calibration.register.errors import RegisterError

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """To the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(stamp: str) -> datetime:
    """A day, or a day with a time; UTC where no zone is given. Raises RegisterError."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError as e:
        raise RegisterError(f"{stamp!r} is neither a day (2026-11-21) nor a time (2026-11-21T08:00:00Z)") from e
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def normal(stamp: str) -> str:
    """As it is kept. Raises RegisterError."""
    return text(parse(stamp))


def day(stamp: str) -> date:
    """The day of a stamp, in UTC. Raises RegisterError."""
    return parse(stamp).date()


def months_later(start: date, months: int) -> date:
    """The same day so many months on; the last of the month where that one is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = following - timedelta(days=1)
    return first.replace(day=min(start.day, last.day))


def within(span: str) -> timedelta:
    """``30d``, ``6w`` or a number of days. Raises RegisterError."""
    number, unit = (span[:-1], span[-1]) if span[-1:] in ("d", "w") else (span, "d")
    if not number.isdigit() or len(number) > 5:
        raise RegisterError(f"{span!r} is not a number of days, such as 30d")
    return timedelta(days=int(number) * (7 if unit == "w" else 1))
