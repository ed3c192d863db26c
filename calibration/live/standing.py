"""What a run knows, and how it changes: the ground the state machine stands on. Pure."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import msgspec

from broker.calibration_run import CalibrationEvent, Entry, Stage
from calibration import procedure as procedures
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.fit import Fit
from calibration.live import outcome
from calibration.live.pairs import Pairing, Stream
from calibration.live.plan import Setup, Source, Visit, visits
from calibration.live.progress import MOST_LOG, Progress, Snapshot
from calibration.procedure import Procedure
from calibration.record import Record, RecordError, Settled
from calibration.settle import Settle, State

Named = Literal["item", "reference"]
SPARK = 60
MOST_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """One item sample and its reference, by the item's time; either is None where a person types it."""

    t: float
    item: str | None
    reference: str | None


class Standing:
    """One run. ``snapshot`` from disk goes on at the point where it was; a point under way begins again."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.setup: Setup = snapshot.setup
        self.procedure: Procedure = procedures.read(self.setup.procedure)
        self.progress: Progress = snapshot.progress
        self.correction_found: Fit | None = None
        self.pairs: deque[Pair] = deque(maxlen=SPARK)
        self.now = 0.0
        self.read_at: float | None = None
        self.outside = ""
        self.trouble = ""
        self.away: float | None = None
        self._items, self._references = Stream(), Stream()
        self._pairing = Pairing(self.procedure.reading.pair_dt_s)
        self._settle: Settle | None = None
        self._since = 0.0
        self._settled: Settled | None = None
        self._last_read: float | None = None
        self._events: deque[CalibrationEvent] = deque(maxlen=MOST_EVENTS)
        self.unfitted = ""
        if self.progress.adjusted == "yes" or self.stage == "adjust":
            self.fit_found()

    # what hosts look at

    @property
    def stage(self) -> Stage:
        return self.progress.stage

    @property
    def over(self) -> bool:
        return self.stage in ("done", "aborted")

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(setup=self.setup, progress=self.progress)

    @property
    def visits(self) -> list[Visit]:
        return visits(self.procedure, self.progress.part, self.progress.adjusted)

    @property
    def visit(self) -> Visit | None:
        """The one under way; None before, between and after the parts."""
        if self.stage in ("prepare", "eccentricity", "adjust", "finish", "done", "aborted"):
            return None
        return self.visits[self.progress.index] if self.progress.index < len(self.visits) else None

    @property
    def typed(self) -> list[Named]:
        """What a person reads."""
        sources: dict[Named, Source] = {"item": self.setup.source, "reference": self.setup.reference}
        return [name for name, source in sources.items() if not source.live]

    @property
    def wanted(self) -> int:
        return self.procedure.reading.typed if self.typed else self.procedure.reading.n

    @property
    def watched(self) -> str:
        """Whose settling is watched: the reference's, the item's where the reference is typed, or nobody's."""
        if self.procedure.settle is None:
            return ""
        return "reference" if self.setup.reference.live else "item" if self.setup.source.live else ""

    @property
    def settle_state(self) -> State | None:
        return None if self._settle is None else self._settle.state

    def drain(self) -> list[CalibrationEvent]:
        events = list(self._events)
        self._events.clear()
        return events

    def tell(self, kind: str, text: str, severity: str = "info", by: str = "") -> None:
        self._events.append(
            msgspec.convert(
                {"ts": self.ms, "kind": kind, "text": text, "severity": severity, "by": by}, CalibrationEvent
            )
        )

    @property
    def ms(self) -> int:
        return max(0, round(self.now * 1000))

    # changes

    def set(self, **changes: object) -> None:
        """Change what is kept; the host writes it to disk before it tells anybody."""
        self.progress = msgspec.structs.replace(self.progress, **changes, rev=self.progress.rev + 1)

    def note(self, text: str, by: str = "") -> None:
        entry = Entry(ts=self.ms, by=by, text=text)
        self.set(log=[*self.progress.log, entry][-MOST_LOG:])

    def go(self, stage: Stage, text: str = "", by: str = "") -> None:
        """Another stage. What was seen of the point is forgotten where waiting begins again."""
        self.set(stage=stage, error="")
        if stage in ("set", "settling", "timeout", "stopped"):
            self._begin_again()
        if text:
            self.note(text, by)
            self.tell("stage", text, by=by)

    def _begin_again(self) -> None:
        self.set(readings=[])
        criteria = self.procedure.settle.criteria() if self.procedure.settle and self.watched else None
        self._settle = Settle(criteria) if criteria else None
        self._settled = self._last_read = self.away = None
        self._since = self.now
        self._pairing.clear()

    def resume(self, now: float) -> None:
        """After a restart: a point under way begins again, its samples are no longer neighbours."""
        self.now = now
        if self.stage in ("settling", "reading", "timeout", "stopped") and not (self.typed and self.progress.readings):
            self.go("settling", f"begun again after a restart: {self.visit}")

    def fit_found(self) -> None:
        """The curve of as found, for people and for the check points."""
        try:
            made = compute(self.draft("0"), self.procedure)["as_found"]
        except (CalculationError, RecordError, ValueError) as e:
            self.unfitted = f"as found cannot be computed: {e}"
            self.tell("warning", self.unfitted, "warning")
            return
        self.correction_found = made.fit

    def draft(self, number: str) -> Record:
        """The record as it is now. Raises RecordError, ValueError."""
        return outcome.record(self.procedure, self.setup, self.progress, number)

    def deviate(self, *texts: str) -> None:
        self.set(deviations=[*self.progress.deviations, *texts])
