"""What a calibration that failed as found makes doubtful: the data since the last one that was in order."""

from collections.abc import Callable
from dataclasses import dataclass

from calibration.record import Record
from calibration.register import when
from calibration.register.history import calibrations
from calibration.register.register import Register

Count = Callable[[str, str, str, str], int]
"""(instrument, channel, from, to) → how many values are stored; the logger's store knows."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Values of a channel in a time. ``count`` None: nobody asked the store. ``since_ever``: no good one is known."""

    instrument: str
    channel: str
    start: str
    end: str
    count: int | None = None
    since_ever: bool = False

    def __str__(self) -> str:
        known = "" if self.count is None else f", {self.count} values"
        ever = ", no earlier calibration is known" if self.since_ever else ""
        return f"{self.instrument}/{self.channel} from {self.start} to {self.end}{known}{ever}"


def affected(register: Register, failed: Record, count: Count | None = None) -> list[Affected]:
    """Where the item sat between its last good calibration and ``failed``. Raises RegisterError."""
    end = when.normal(failed.end or failed.begin)
    start = _last_good(register, failed)
    found = []
    for placement in register.item(failed.item.id).placements:
        first, last = max(placement.start, start), min(placement.end or end, end)
        if first < last:
            where = placement.instrument, placement.channel, first, last
            found.append(Affected(*where, count(*where) if count else None, not start))
    return found


def _last_good(register: Register, failed: Record) -> str:
    """When the item was last known to be in order: as it left a calibration that it passed in the end; "" for never."""
    end = when.normal(failed.begin or failed.end)
    ends = [
        when.normal(c.record.end or c.record.begin)
        for c in calibrations(register, failed.item.id)
        if c.record.id != failed.id and c.left.passed is not False
    ]
    externals = [when.normal(e.date) for e in register.item(failed.item.id).externals if e.passed is not False]
    return max((moment for moment in [*ends, *externals] if moment < end), default="")
