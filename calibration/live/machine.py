"""The state machine of a calibration: samples, time and decisions in; what to show, to keep and to tell out.

It has no clock and no wires. Times of samples are their own; ``now`` is the host's, for who did what when. A host feeds
``item``, ``reference``, ``room``, ``tick`` and ``command``, shows ``view``, keeps ``snapshot`` whenever ``rev`` has
risen, and tells what ``drain`` gives.
"""

from collections.abc import Mapping

import msgspec

from calibration.applied import Correction
from calibration.exact import CalculationError
from calibration.live import forms
from calibration.live.judge import judge
from calibration.live.pairs import Taken
from calibration.live.plan import Part, adjustable, curve_kind, nearness
from calibration.live.progress import Tally
from calibration.live.standing import Pair, Standing
from calibration.live.times import stamp
from calibration.record import Point, Sample, Settled, numeral
from calibration.settle import Settle, State

EARLY = 0.1
"""A sample may come so much of the period early: clocks and timers are not exact."""


class Machine(Standing):
    """One run. ``snapshot`` from disk goes on at the point where it was; a point under way begins again."""

    # samples

    def item(self, t: float, text: str, now: float) -> None:
        """A good sample of the item."""
        self.now = max(self.now, now)
        sample = self._items.take(t, text)
        if sample is None or self.over:
            return
        if not self.setup.reference.live:
            self.pairs.append(Pair(t, text, None))
        if self.watched == "item":
            self._watch(sample)
        self._paired(self._pairing.item(sample))

    def reference(self, t: float, text: str, now: float) -> None:
        """A good sample of the reference."""
        self.now = max(self.now, now)
        sample = self._references.take(t, text)
        if sample is None or self.over:
            return
        if not self.setup.source.live:
            self.pairs.append(Pair(t, None, text))
        if self.watched == "reference" or (self.stage == "settling" and self._settle is None):
            self._watch(sample)
        self._paired(self._pairing.reference(sample))

    def room(self, values: Mapping[str, float], now: float) -> None:
        """What the room is like; counted while a point is worked on."""
        self.now = max(self.now, now)
        outside = [text for name, v in values.items() if (text := self._outside(name, v))]
        self.outside = "; ".join(outside)
        stop = bool(outside) and self.procedure.environment.action == "stop"
        if stop and self.stage in ("settling", "reading"):
            self.go("stopped", f"{self.outside}: the procedure says stop; this point begins again afterwards")
            self.deviate(f"the work stood still while {self.outside}")
        elif self.stage == "stopped" and not outside:
            self.go("settling", "the room is within its limits again")
        if self.stage in ("set", "settling", "reading", "review") and not stop:
            self._count(values)

    def _outside(self, name: str, value: float) -> str:
        limits: tuple[float, float] | None = getattr(self.procedure.environment, name, None)
        if limits is None or limits[0] <= value <= limits[1]:
            return ""
        return f"{name} of the room is {value:g}, allowed is {limits[0]:g} to {limits[1]:g}"

    def _count(self, values: Mapping[str, float]) -> None:
        room = dict(self.progress.room)
        for name, v in values.items():
            if name in forms.ROOM_UNITS:
                room[name] = room[name].with_(v) if name in room else Tally(v, v, v, v, 1)
        # Not a change that has to be on disk at once: it goes there with the next one.
        self.progress = msgspec.structs.replace(self.progress, room=room)

    def tick(self, now: float) -> None:
        """Time goes on, also where no sample comes."""
        self.now = max(self.now, now)
        limit = self.procedure.settle.timeout_s if self.procedure.settle else None
        if self.stage == "settling" and limit and not self.setup.auto and now - self._since >= limit:
            self._timeout("the point was not reached" if self.away is not None else "it did not settle")

    # settling

    def _watch(self, sample: Taken) -> None:
        if self.stage not in ("settling", "reading"):
            return
        if self._far(sample):
            return
        if self._settle is None:
            if self.stage == "settling":
                self._start_reading(None)
            return
        state = self._settle.feed(sample.t, float(sample.text))
        if state.phase == "timeout":
            self._timeout("it did not settle")
        elif self.stage == "settling" and state.settled:
            self._start_reading(state)
        elif self.stage == "reading" and not self.typed and state.phase in ("drifting", "noisy"):
            self._left(state)

    def _far(self, sample: Taken) -> bool:
        """Whether the reference is not near the point: then a quiet plateau is that of another point."""
        visit = self.visit
        if visit is None or self.watched == "item" or not self.setup.reference.live:
            return False
        near = nearness(self.procedure, visit.x)
        if near is None or abs(float(sample.text) - visit.x) <= near:
            self.away = None
            return False
        self.away = float(sample.text)
        if self.stage == "reading":
            self.go("settling", f"the reference left {visit.nominal}; {len(self.progress.readings)} readings discarded")
            self.away = float(sample.text)
        elif self._settle is not None and self._settle.state.phase != "filling":
            self._settle = Settle(self._settle.criteria)
        return True

    def _left(self, state: State) -> None:
        taken = len(self.progress.readings)
        text = f"no longer settled ({state.phase}) after {taken} of {self.wanted} readings: they are discarded"
        settle = self._settle
        self.go("settling", text)
        self._settle = settle
        self.tell("warning", text, "warning")

    def _timeout(self, why: str) -> None:
        limit = self.procedure.settle.timeout_s if self.procedure.settle else 0
        self.go("timeout", f"{why} within {limit:g} s: nothing was recorded")
        self.tell("warning", f"{self.visit}: {why} within {limit:g} s", "warning")

    def keep_settled(self, state: State) -> None:
        """What the detector sees goes with the readings of this visit."""
        self._settled = Settled(slope=numeral(f"{state.slope:.3e}"), u_slope=numeral(f"{state.u_slope:.2e}"))

    def _start_reading(self, state: State | None) -> None:
        if state is not None:
            self.keep_settled(state)
        self._pairing.clear()
        self.set(stage="reading", readings=[], error="")
        self.tell("stage", f"{self.visit}: settled" if state else f"{self.visit}: read")

    # reading

    def _paired(self, pairs: list[tuple[Taken, Taken]]) -> None:
        for item, reference in pairs:
            self.pairs.append(Pair(item.t, item.text, reference.text))
            period = self.procedure.reading.period_s * (1 - EARLY)
            if self.stage != "reading" or self.typed:
                continue
            if self._last_read is None or item.t - self._last_read >= period:
                self._last_read = item.t
                self.read(Sample(I=item.text, x=reference.text, t=stamp(item.t)))

    def read(self, sample: Sample, by: str = "") -> None:
        """One more reading; the last of a visit is followed by its review."""
        self.set(readings=[*self.progress.readings, sample])
        if len(self.progress.readings) >= self.wanted:
            self._review(by)

    def _review(self, by: str) -> None:
        visit = self.visit
        if visit is None:
            return
        try:
            verdict = judge(self.procedure, self.setup, visit, self.progress.readings, self.correction(visit.part))
        except CalculationError as e:
            self.set(stage="review", error=str(e))
            return
        row = msgspec.structs.replace(verdict.row, by=by)
        self.set(stage="review", error="", results=[*self.progress.results, row])
        self.tell("point", f"{visit}: E = {row.E} {self.procedure.unit}, s = {row.s or '-'}, {row.n} readings")
        for warning in row.warnings:
            self.tell("warning", f"{visit}: {warning}", "warning")
        if self.setup.auto:
            self.accept("")

    def correction(self, part: Part) -> Correction:
        """What is added to a reading in this part."""
        if part == "as_found":
            return Correction.of(self.setup.applied)
        fit = self.correction_found
        return Correction() if fit is None or not curve_kind(self.procedure) else Correction(fit.curve)

    def accept(self, by: str) -> None:
        """The readings become a point of the record; on to the next visit."""
        visit = self.visit
        if visit is None:
            return
        point = Point(
            nominal=visit.nominal,
            readings=self.progress.readings,
            direction=visit.direction,
            series=visit.series,
            check=visit.check,
            standards=self.setup.used.get(visit.nominal, []),
            settle=self._settled,
        )
        results = self.progress.results
        results = [*results[:-1], msgspec.structs.replace(results[-1], by=by)] if results else results
        points = [*getattr(self.progress, visit.part), point]
        self.set(**{visit.part: points, "results": results})
        self.advance(f"{visit}: {len(point.readings)} readings accepted", by)

    def discard(self) -> None:
        """Take back the row of the readings under review."""
        if self.stage == "review" and not self.progress.error:
            self.set(results=self.progress.results[:-1])

    def advance(self, text: str, by: str) -> None:
        """The next visit, or what follows the part."""
        index = self.progress.index + 1
        self.set(index=index, readings=[])
        if index < len(self.visits):
            self.go("set", text, by)
        else:
            self.note(text, by)
            self.after_points(by)
        self.automatic()

    def after_points(self, by: str, *, eccentric: bool = True) -> None:
        """Eccentricity where the budget has it, the adjustment, the end."""
        part, points = self.progress.part, getattr(self.progress, self.progress.part)
        needed = eccentric and "eccentricity" in {line.from_ for line in self.procedure.budget.values()}
        if needed and points and part not in self.progress.eccentric:
            self.go("eccentricity", "all points are read; now the eccentricity", by)
        elif part == "as_found" and adjustable(self.procedure) and not self.progress.adjusted:
            self.fit_found()
            self.go("adjust", "as found is complete", by)
        else:
            self.go("finish", "all points are read", by)

    def latest(self, name: str) -> Taken | None:
        """The last good sample of item or reference."""
        return (self._items if name == "item" else self._references).last

    def set_out(self, text: str, by: str) -> None:
        """The point is set: wait for it, or read at once where nothing can be watched."""
        blind = not self.watched and not self.setup.reference.live
        self.go("settling", text, by)
        if blind:
            self._start_reading(None)

    def begin_left(self, by: str) -> None:
        """As left, where there is anything to measure; without an adjustment the rest of as found."""
        if self.progress.adjusted == "yes":
            self.set(part="as_left", index=0)
        self.go("set" if self.progress.index < len(self.visits) else "finish", "", by)
        self.automatic()

    def automatic(self) -> None:
        """Where nobody sets the point, waiting begins by itself."""
        if self.setup.auto and self.stage == "set":
            self.go("settling")

    # the end

    @property
    def ready(self) -> bool:
        """Everything is answered: the host saves the record, and says ``saved`` or ``failed``."""
        return self.stage == "finish" and bool(self.progress.end)

    def saved(self, number: str) -> None:
        self.set(record=number)
        self.go("done", f"record {number} is performed")
        self.tell("record", f"record {number} is performed")

    def failed(self, why: str) -> None:
        self.set(end="", error=why)
        self.tell("warning", why, "error")
