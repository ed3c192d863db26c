"""What a run knows so far, as it is kept on disk after every change that counts. Pure."""

from typing import Literal

import msgspec

from broker.calibration_run import Entry, Stage, Visited
from calibration.live.plan import Adjusted, Part, Setup
from calibration.record import Eccentric, Person, Point, Sample

MOST_LOG = 200


class Tally(msgspec.Struct, frozen=True):
    """A quantity of the room while the work goes on."""

    now: float
    min: float
    max: float
    total: float
    n: int

    def with_(self, value: float) -> "Tally":
        return Tally(value, min(self.min, value), max(self.max, value), self.total + value, self.n + 1)


class Progress(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``index`` counts the visits of ``part``. ``readings`` are of the visit under way, ``seen`` ids of commands."""

    stage: Stage = "prepare"
    part: Part = "as_found"
    index: int = 0
    readings: list[Sample] = []
    as_found: list[Point] = []
    as_left: list[Point] = []
    results: list[Visited] = []
    eccentric: dict[Literal["as_found", "as_left"], Eccentric] = {}
    answers: dict[str, str] = {}
    adjusted: Adjusted = ""
    adjustment: str = ""
    room: dict[str, Tally] = {}
    deviations: list[str] = []
    log: list[Entry] = []
    seen: list[str] = []
    people: list[Person] = []
    error: str = ""
    record: str = ""
    end: str = ""
    rev: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole run."""

    v: int = 1
    setup: Setup
    progress: Progress


def write(snapshot: Snapshot) -> bytes:
    return msgspec.json.format(msgspec.json.encode(snapshot), indent=1)


def read(data: bytes) -> Snapshot:
    """Raises ValueError with one sentence."""
    try:
        return msgspec.json.decode(data, type=Snapshot)
    except msgspec.DecodeError as e:
        raise ValueError(f"this is no snapshot of a run: {e}") from e
