"""A calibration run on the wire: how it stands, what it asks, what happened in it."""

from typing import Literal

import msgspec

from broker.values import Count, Stamp


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


Part = Literal["", "as_found", "adjust", "as_left"]
Stage = Literal[
    "prepare", "set", "settling", "timeout", "stopped", "reading", "review", "eccentricity", "adjust", "finish", "done",
    "aborted",
]  # fmt: skip


class Question(_Message, frozen=True, kw_only=True):
    """One field of the form that only a person can fill in. ``value`` is what it holds now, or may begin with."""

    key: str
    label: str = ""
    type: Literal["number", "text", "choice"] = "text"
    unit: str = ""
    choices: list[str] = []
    value: str = ""
    needed: bool = True


class Settling(_Message, frozen=True, kw_only=True):
    """What the settle detector sees of ``of``, per second; ``drift`` is the change over the window."""

    of: Literal["item", "reference"]
    phase: str
    drift: float | None = None
    drift_max: float
    s: float | None = None
    s_max: float
    slope: float | None = None
    remaining_s: float | None = None
    timeout_s: float


Pair = tuple[Stamp, float | None, float | None]
"""(ts, item, reference): one of the last values, for a small plot."""


class Visited(_Message, frozen=True, kw_only=True):
    """One visit of one point. Numbers are as they will be printed; ``r1`` is the correlation of neighbours."""

    part: Part
    nominal: str
    direction: Literal["up", "down"] = "up"
    series: Count = 1
    check: bool = False
    n: Count
    x: str
    I: str  # noqa: E741 - the symbol of the field
    E: str
    s: str = ""
    r1: float | None = None
    within: bool | None = None
    warnings: list[str] = []
    by: str = ""


class Room(_Message, frozen=True, kw_only=True):
    """One quantity of the room while the work goes on, beside the procedure's limits."""

    now: float | None = None
    min: float | None = None
    max: float | None = None
    low: float | None = None
    high: float | None = None


class Entry(_Message, frozen=True, kw_only=True):
    """Who did what, when. ``by`` is empty for what the run did itself."""

    ts: Stamp
    by: str = ""
    text: str


class CalibrationRun(_Message, frozen=True, kw_only=True):
    """A calibration while somebody makes it; retained. The message with ``end`` is the last.

    ``phase`` is one word for programs, ``text`` says it to people, ``asks`` what they are to do and ``form`` what only
    they know; ``can`` are the commands it takes now. ``settled`` from 0 to 1. ``point`` counts from 0 in ``points``,
    ``step`` from 1 over all visits. ``typed``: what a person reads. ``room`` is the environment. ``host``: who keeps
    this run, a service or a terminal. ``error``: why it does not go on. ``correction`` is the curve fitted as found.
    """

    run: str
    ts: Stamp
    rev: Count = 0
    phase: Stage
    text: str = ""
    asks: list[str] = []
    form: list[Question] = []
    can: list[str] = []
    error: str = ""
    warnings: list[str] = []
    procedure: str = ""
    procedure_rev: Count = 0
    title: str = ""
    item: str = ""
    serial: str = ""
    instrument: str = ""
    channel: str = ""
    unit: str = ""
    reference: str = ""
    standards: list[str] = []
    by: str = ""
    host: str = ""
    start: Stamp | None = None
    end: Stamp | None = None
    part: Part = ""
    step: Count = 0
    steps: Count = 0
    point: Count | None = None
    points: list[float] = []
    nominal: float | None = None
    direction: Literal["", "up", "down"] = ""
    series: Count = 0
    check: bool = False
    settled: float | None = None
    settling: Settling | None = None
    taken: Count = 0
    wanted: Count = 0
    typed: list[Literal["item", "reference"]] = []
    pairs: list[Pair] = []
    room: dict[str, Room] = {}
    results: list[Visited] = []
    correction: str = ""
    log: list[Entry] = []
    record: str = ""


class CalibrationEvent(_Message, frozen=True, kw_only=True):
    """What happened in a run. ``id`` is the command it answers, ``done`` whether it was done."""

    ts: Stamp
    kind: Literal["answer", "stage", "point", "warning", "record"]
    text: str
    id: str = ""
    done: bool = True
    by: str = ""
    severity: Literal["info", "warning", "error"] = "info"
