"""Calibrations on the wire: what is in force for a channel, and what is due."""

import math
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from broker.values import Count, Stamp

MOST_COEFFICIENTS = 16
MOST_POINTS = 256


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class Correction(_Message, frozen=True):
    """What is added to the raw value: value = raw + C(raw).

    ``poly``: C = Σ coef[i]·zⁱ with z = (raw − x0)/scale. ``table``: ``points`` are [raw, C], rising, straight lines
    between them; beyond the first and last the outer line goes on.
    """

    type: Literal["none", "poly", "table"] = "none"
    x0: float = 0.0
    scale: float = 1.0
    coef: list[float] = []
    points: list[tuple[float, float]] = []

    def __post_init__(self) -> None:
        if not math.isfinite(self.scale) or self.scale == 0:
            raise ValueError("scale is zero")
        if self.type == "poly" and not 0 < len(self.coef) <= MOST_COEFFICIENTS:
            raise ValueError(f"a polynomial has 1 to {MOST_COEFFICIENTS} coefficients")
        if self.type == "table":
            if not 2 <= len(self.points) <= MOST_POINTS:
                raise ValueError(f"a table has 2 to {MOST_POINTS} points")
            _check_rising([x for x, _ in self.points], "points")


class Uncertainty(_Message, frozen=True):
    """The expanded uncertainty where the channel's value is ``x``, in the channel's unit."""

    x: float
    U: Annotated[float, msgspec.Meta(ge=0)]


class Calibration(_Message, frozen=True):
    """The calibration in force of one channel. Only ``id``, the certificate's, is needed.

    ``range`` holds raw values, ``U`` values as they are shown. ``signal``: what was calibrated, the raw value or one
    that another calibration had corrected; to the latter no correction is added.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    rev: Count = 1
    sha256: str = ""
    certificate: str = ""
    channel: str = ""
    unit: str = ""
    item: str = ""
    serial: str = ""
    status: Literal["ok", "due", "overdue", "void", "withdrawn"] = "ok"
    reason: str = ""
    from_: Stamp | None = msgspec.field(name="from", default=None)
    due: Stamp | None = None
    range: tuple[float, float] | None = None
    correction: Correction = Correction()
    U: list[Uncertainty] = []
    k: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    signal: Literal["raw", "corrected"] = "raw"

    def __post_init__(self) -> None:
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError("range ends before it begins")
        if len(self.U) > MOST_POINTS:
            raise ValueError(f"U has at most {MOST_POINTS} points")
        _check_rising([point.x for point in self.U], "U")


class DueLine(_Message, frozen=True):
    """One thing that must be calibrated or checked again."""

    id: str
    kind: Literal["item", "standard", "check"] = "item"
    name: str = ""
    instrument: str = ""
    channel: str = ""
    certificate: str = ""
    due: Stamp | None = None
    status: Literal["ok", "due", "overdue", "void", "withdrawn", "never"] = "ok"


class Due(_Message, frozen=True):
    """What must be calibrated next, the most urgent first; retained. ``head``: last hash of the register's chain."""

    ts: Stamp
    head: str = ""
    lines: list[DueLine] = []


def _check_rising(values: list[float], what: str) -> None:
    if any(not after > before for before, after in pairwise(values)):
        raise ValueError(f"the places in {what} do not rise")
