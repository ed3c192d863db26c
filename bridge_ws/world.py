"""What the bridge knows of the laboratory, from the messages it has heard. No I/O: time is handed in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge_ws.backfill import Backfill
from bridge_ws.channels import ChannelInfo, Registry
from bridge_ws.ops import Describe, Latest, Link, Links, Peer
from bridge_ws.presence import Clock, Life, Presence, presence
from bridge_ws.rings import Rings
from bridge_ws.samples import Chunk, Seen, from_block, from_data
from broker.messages import Block, Calibration, Data, EdgeStatus, Meta, Run, ServiceStatus, Status

MOST_INSTRUMENTS = 2000
MOST_RUNS = 1000


@dataclass(slots=True)
class Known:
    """One instrument. ``latest`` by channel number."""

    name: str
    meta: Meta | None = None
    life: Life = field(default_factory=Life)
    clock: Clock = field(default_factory=Clock)
    latest: dict[int, Latest] = field(default_factory=dict)

    @property
    def status(self) -> Status | None:
        return self.life.status if isinstance(self.life.status, Status) else None

    @property
    def edge(self) -> str:
        """The name of its edge, "" when nobody said."""
        return (self.status.edge if self.status else "") or (self.meta.edge if self.meta else "")

    @property
    def heard_of(self) -> bool:
        """Whether anything retained or measured of it is left."""
        return self.meta is not None or self.life.status is not None or bool(self.latest)


def _shown(status: Status | None) -> object:
    """What of a status pages must hear of at once; heartbeats and spool positions are not."""
    return status and (status.state, status.reason, status.edge, status.boot, sum(h.lost for h in status.hold))


class World:
    """The tables, and how each message changes them. Methods say what has to be told."""

    def __init__(self, rings: Rings, now: Callable[[], float]) -> None:
        self.registry = Registry()
        self.rings = rings
        self.seen = Seen()
        self.backfill = Backfill()
        self.instruments: dict[str, Known] = {}
        self.calibrations: dict[str, dict[str, Calibration]] = {}
        """By instrument, also of those that have not been heard of: what is retained may come first."""
        self.edges: dict[str, Life] = {}
        self.services: dict[str, Life] = {}
        self.runs: dict[str, Run] = {}
        self.told_runs: set[str] = set()
        self.refused_instruments = 0
        self.broker_up = False
        self.broker_since_ms = now()
        self.broker_reason = ""
        self._connection = 0
        self._now = now

    # --- samples ---

    def data(self, name: str, message: Data, payload: bytes) -> Chunk | None:
        """A live sample set; None when it brings nothing new."""
        known = self._known(name)
        if known is None or self.seen.skip(name, message.boot, message.seq, 1, message.t_us, payload):
            return None
        now = self._now()
        known.clock.heard(message.t_us / 1000, now, message.boot)
        return self._keep(known, from_data(message, name, self.registry, now))

    def block(self, name: str, message: Block) -> Chunk | None:
        """A live block; None when it brings nothing new, or belongs into the history."""
        known = self._known(name)
        now = self._now()
        if known is None:
            return None
        if message.late:
            known.life.heard(now)
            times = message.times_us()
            self.backfill.late(name, min(times) / 1000, max(times) / 1000, now)
            return None
        skip = self.seen.skip(name, message.boot, message.seq, message.n, 0, b"")
        if skip == message.n:
            return None
        chunk = from_block(message, name, self.registry, now, skip)
        known.clock.heard(chunk.last_ms, now, message.boot)
        return self._keep(known, chunk)

    def _keep(self, known: Known, chunk: Chunk) -> Chunk:
        known.life.heard(chunk.arrived_ms)
        known.latest.update(chunk.latest)
        self.rings.add(chunk)
        return chunk

    # --- what is retained ---

    def meta(self, name: str, meta: Meta | None) -> list[ChannelInfo]:
        """A description, or None: it was deleted. Returns the channels that look different now."""
        known = self._known(name)
        if known is None:
            return []
        known.meta = meta
        if meta is None:
            return []
        before = {info.n for info in self.registry.of(name).values()}
        changed = self.registry.describe(name, meta)
        for gone in before - {info.n for info in self.registry.of(name).values()}:
            known.latest.pop(gone, None)  # its type changed: a new series under a new number
        return changed

    def status(self, name: str, status: Status | None, expiry_s: int | None) -> bool:
        """An instrument's status, or None: it was deleted. Returns whether a page would see a difference."""
        known = self._known(name)
        if known is None:
            return False
        before = _shown(known.status)
        if status is None:
            known.life = Life()
        else:
            known.life.told(status, self._now(), expiry_s)
        return _shown(known.status) != before

    def calibration(self, name: str, calibration: dict[str, Calibration]) -> bool:
        """What is in force; whether that is news."""
        if self.calibrations.get(name, {}) == calibration:
            return False
        self.calibrations.pop(name, None)
        if calibration and len(self.calibrations) < MOST_INSTRUMENTS:
            self.calibrations[name] = calibration
        return True

    def edge_status(self, name: str, status: EdgeStatus | None, expiry_s: int | None) -> None:
        self._life_of(self.edges, name, status, expiry_s)

    def service_status(self, name: str, status: ServiceStatus | None, expiry_s: int | None) -> None:
        self._life_of(self.services, name, status, expiry_s)

    def _life_of(
        self, table: dict[str, Life], name: str, status: EdgeStatus | ServiceStatus | None, expiry_s: int | None
    ) -> None:
        if status is None:
            table.pop(name, None)
        elif name in table or len(table) < MOST_INSTRUMENTS:
            table.setdefault(name, Life()).told(status, self._now(), expiry_s)

    def run(self, run: str, message: Run | None) -> None:
        """A run's state; one that has ended stays known until others push it out."""
        self.told_runs.add(run)
        if message is None:
            self.runs.pop(run, None)
            return
        self.runs[run] = message
        ended = (name for name, r in self.runs.items() if r.end is not None)
        if len(self.runs) > MOST_RUNS and (oldest := next(ended, None)) is not None:
            del self.runs[oldest]

    def forgotten_runs(self) -> list[Run]:
        """Runs that go on and of which the broker has said nothing on this connection."""
        return [r for name, r in self.runs.items() if r.end is None and name not in self.told_runs]

    def heard(self, name: str) -> None:
        """A live reply or event: a sign of life."""
        if name in self.instruments:
            self.instruments[name].life.heard(self._now())

    def drop_if_gone(self, name: str) -> bool:
        """Forget an instrument of which meta and status were deleted; whether it is gone."""
        known = self.instruments.get(name)
        if known is None or known.meta is not None or known.life.status is not None:
            return False
        del self.instruments[name]
        self.registry.forget(name)
        self.seen.forget(name)
        self.rings.forget(name)
        return True

    def _known(self, name: str) -> Known | None:
        known = self.instruments.get(name)
        if known is None:
            if len(self.instruments) >= MOST_INSTRUMENTS:
                self.refused_instruments += 1
                return None
            known = self.instruments[name] = Known(name)
            known.life.excuse(self._now())
        return known

    # --- the broker ---

    def broker(self, up: bool, connection: int, reason: str) -> None:
        """Whether we hear anything at all; ``connection`` counts. Nobody was silent while we were deaf."""
        self.broker_reason = reason
        if (up, connection) == (self.broker_up, self._connection):
            return
        self.broker_up, self._connection = up, connection
        self.broker_since_ms = self._now()
        self.told_runs.clear()
        if up:
            for life in self._lives():
                life.excuse(self._now())

    def _lives(self) -> list[Life]:
        return [*(k.life for k in self.instruments.values()), *self.edges.values(), *self.services.values()]

    # --- as pages see it ---

    def presence(self, known: Known) -> Presence:
        now = self._now() if self.broker_up else min(self._now(), self.broker_since_ms)
        return presence(known.life, self.edges.get(known.edge), known.edge, now)

    def describe(self, known: Known) -> Describe:
        return Describe(
            known.name, known.meta, known.status, self.presence(known)[0], self.calibrations.get(known.name, {})
        )

    def link(self, known: Known) -> Link:
        state, reason = self.presence(known)
        age, wrong = known.clock.age_ms(self._now()), known.clock.wrong_ms
        return Link(state, None if age is None else int(age), reason, None if wrong is None else int(wrong))

    def links(self) -> Links:
        return Links(
            int(self._now()),
            "up" if self.broker_up else "down",
            int(self.broker_since_ms),
            self.broker_reason,
            {name: self.link(known) for name, known in self.instruments.items()},
            {name: self._peer(life) for name, life in self.edges.items()},
            {name: self._peer(life) for name, life in self.services.items()},
        )

    def _peer(self, life: Life) -> Peer:
        status: Any = life.status
        if self.broker_up and life.silent(self._now()):
            return Peer("lost", "silent for more than 90 s", status.figures)
        return Peer(status.state, status.reason, status.figures)

    def covers_from_ms(self, name: str) -> float:
        """From when on the ring has everything of ``name``."""
        return self.rings.covers_from(name, self.broker_since_ms if self.broker_up else self._now())
