"""What a run is made of: everything fixed at its start, and the visits the procedure asks for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import msgspec

from calibration.exact import exact
from calibration.procedure import Procedure
from calibration.record import Applied, Item, Person, Standard

Part = Literal["as_found", "as_left"]
Adjusted = Literal["", "yes", "no"]
MANUAL = "manual"


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where values come from: a channel of an instrument, or a person where ``instrument`` is empty.

    ``digits`` are those after the point that the instrument shows.
    """

    instrument: str = ""
    channel: str = ""
    digits: int = 0

    @property
    def live(self) -> bool:
        return bool(self.instrument)

    def __str__(self) -> str:
        return f"{self.instrument}/{self.channel}" if self.instrument else MANUAL


class Setup(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Fixed when a run begins. ``used``: nominal → standards used there, all where it is not named.

    ``remarks`` go into the record's answers. ``plain``: calibrations of these channels that change no value. ``auto``:
    nobody is asked to set a point or to accept it, as where old data are replayed.
    """

    run: str
    procedure: str
    item: Item
    standards: list[Standard]
    used: dict[str, list[str]] = {}
    source: Source = Source()
    reference: Source = Source()
    room: str = ""
    applied: Applied | None = None
    plain: list[str] = []
    by: Person = Person(name="")
    begin: str = ""
    deviations: list[str] = []
    customer: str = ""
    laboratory: str = ""
    place: str = ""
    remarks: dict[str, str] = {}
    auto: bool = False
    host: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One time at one point."""

    part: Part
    nominal: str
    direction: Literal["up", "down"]
    series: int
    check: bool

    @property
    def x(self) -> float:
        return float(exact(self.nominal))

    def __str__(self) -> str:
        return f"{self.nominal} {'check' if self.check else self.direction}"


def nominal(value: float) -> str:
    """A point as the procedure's author wrote it: 20, not 20.0."""
    text = f"{exact(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def curve_kind(procedure: Procedure) -> bool:
    """Whether adjusting means to put the fitted curve in force."""
    return procedure.adjust.allowed and procedure.adjust.kind == "curve" and procedure.fit.model != "none"


def adjustable(procedure: Procedure) -> bool:
    return procedure.adjust.allowed and procedure.adjust.kind != "none"


def visits(procedure: Procedure, part: Part, adjusted: Adjusted) -> list[Visit]:
    """The visits of one part. Check points judge the new curve as left; without one they belong to as found."""
    values, checks = procedure.points.values, sorted(procedure.points.check)
    with_curve = curve_kind(procedure) and adjusted != "no"
    if part == "as_found":
        found = _sweeps(procedure, part, values)
        return found if with_curve else found + _once(part, checks)
    if adjusted == "no" or not adjustable(procedure):
        return []
    return _once(part, checks) if with_curve else _sweeps(procedure, part, values) + _once(part, checks)


def steps(procedure: Procedure, adjusted: Adjusted) -> int:
    """How many visits all parts have, as far as that is known now."""
    return len(visits(procedure, "as_found", adjusted)) + len(visits(procedure, "as_left", adjusted))


def nearness(procedure: Procedure, at: float) -> float | None:
    """How far from a point its reference may be: a tenth of the span, half the way to the next point."""
    points = sorted({*procedure.points.values, *procedure.points.check})
    gaps = [b - a for a, b in pairwise(points) if at in (a, b)]
    if not gaps:
        return None
    return min(procedure.points.span / 10 or min(gaps) / 2, min(gaps) / 2)


def _sweeps(procedure: Procedure, part: Part, values: Sequence[float]) -> list[Visit]:
    ways: dict[str, tuple[Literal["up", "down"], ...]] = {"up": ("up",), "down": ("down",), "up-down": ("up", "down")}
    found = []
    for series in range(1, procedure.points.series + 1):
        for way in ways[procedure.points.order]:
            found += [Visit(part, nominal(v), way, series, False) for v in sorted(values, reverse=way == "down")]
    return found


def _once(part: Part, values: Sequence[float]) -> list[Visit]:
    return [Visit(part, nominal(v), "up", 1, True) for v in values]
