"""A run as it is shown: the message on the broker, which terminal and page draw. Pure."""

import math
from typing import Any

from broker.calibration_run import CalibrationRun, Question, Room, Settling
from calibration.live import forms
from calibration.live.machine import Machine
from calibration.live.orders import can, step
from calibration.live.plan import Source, curve_kind, steps
from calibration.live.times import seconds
from calibration.settle import State

MOST_LOG = 30
STALE_S = 30.0


def view(machine: Machine, run_ts: float) -> CalibrationRun:
    """``run_ts``: when it is shown, seconds since the epoch."""
    progress = machine.progress
    return CalibrationRun(
        run=machine.setup.run,
        ts=_ms(run_ts),
        rev=progress.rev,
        phase=machine.stage,
        text=_text(machine),
        asks=_asks(machine),
        form=form(machine),
        can=can(machine),
        error=progress.error or machine.trouble,
        warnings=_warnings(machine),
        **_what(machine),
        **_where(machine),
        settled=_settled(machine),
        settling=_settling(machine),
        taken=len(progress.readings),
        wanted=machine.wanted if machine.visit else 0,
        typed=machine.typed,
        pairs=[(_ms(p.t), _float(p.item), _float(p.reference)) for p in machine.pairs],
        room=_room(machine),
        results=progress.results,
        correction=_correction(machine),
        log=progress.log[-MOST_LOG:],
        record=progress.record,
    )


def _what(machine: Machine) -> dict[str, Any]:
    """What is calibrated, how, by whom, since when."""
    setup, procedure, progress = machine.setup, machine.procedure, machine.progress
    over = progress.end if machine.over else ""
    return {
        "procedure": procedure.id,
        "procedure_rev": procedure.rev,
        "title": procedure.title,
        "item": setup.item.id,
        "serial": setup.item.serial or progress.answers.get("serial", ""),
        "instrument": setup.source.instrument,
        "channel": setup.source.channel,
        "unit": procedure.unit,
        "reference": str(setup.reference),
        "standards": [s.id for s in setup.standards],
        "by": setup.by.name,
        "host": setup.host,
        "start": _ms(seconds(setup.begin)) if setup.begin else None,
        "end": _ms(seconds(over)) if over else None,
    }


def _where(machine: Machine) -> dict[str, Any]:
    """Which step, and which point."""
    progress, visit = machine.progress, machine.visit
    return {
        "part": "adjust" if machine.stage == "adjust" else progress.part,
        "step": step(machine),
        "steps": steps(machine.procedure, progress.adjusted),
        "point": progress.index if visit else None,
        "points": [v.x for v in machine.visits],
        "nominal": visit.x if visit else None,
        "direction": visit.direction if visit else "",
        "series": visit.series if visit else 0,
        "check": visit.check if visit else False,
    }


def form(machine: Machine) -> list[Question]:
    """What is asked now: the stage's questions, or the readings a person types."""
    if machine.stage != "reading":
        return forms.questions(machine.procedure, machine.setup, machine.progress)
    unit, visit = machine.procedure.unit, machine.visit
    last = machine.progress.readings[-1] if machine.progress.readings else None
    found = []
    if "reference" in machine.typed:
        begin = last.x if last else visit.nominal if visit else ""
        found.append(Question(key="x", label="reference", type="number", unit=unit, value=begin))
    if "item" in machine.typed:
        found.append(Question(key="I", label="item", type="number", unit=unit))
    return found


_PLAIN = {
    "prepare": "before the work",
    "eccentricity": "eccentricity: the same load on the centre and off it",
    "adjust": "as found is complete: adjust, or leave it",
    "finish": "after the work",
}


_PHASES = {
    "filling": "waiting, the window fills",
    "drifting": "still drifting",
    "noisy": "too noisy",
    "holding": "quiet, is it going to stay so",
}


def _text(machine: Machine) -> str:
    unit, visit, log = machine.procedure.unit, machine.visit, machine.progress.log
    where = f"{visit.nominal} {unit}{' (check point)' if visit.check else f', {visit.direction}'}" if visit else ""
    last = log[-1].text if log else machine.stage
    match machine.stage:
        case "set":
            return f"set the reference to {where}"
        case "settling":
            return _waiting(machine, where)
        case "stopped":
            return f"{where}: stopped, {machine.outside}"
        case "reading":
            return f"{where}: reading {len(machine.progress.readings) + 1} of {machine.wanted}"
        case "review":
            return f"{where}: read, to be accepted"
        case "timeout":
            return f"{where}: {last}"
    return _PLAIN.get(machine.stage, last)


def _waiting(machine: Machine, where: str) -> str:
    state = machine.settle_state
    if machine.away is not None:
        return f"{where}: the reference is at {machine.away:g}, on its way"
    if state is None:
        return f"{where}: waiting for the reference"
    return f"{where}: {_PHASES.get(state.phase, state.phase)}, {100 * state.progress:.0f} %"


def _asks(machine: Machine) -> list[str]:
    visit, unit = machine.visit, machine.procedure.unit
    match machine.stage:
        case "set" if visit is not None:
            return [f"set the reference to {visit.nominal} {unit}, then next"]
        case "timeout":
            return ["wait once more (repeat), skip with a reason, or abort"]
        case "reading" if machine.typed:
            return [f"read the {' and the '.join(machine.typed)} and type it"]
        case "review":
            return (
                ["accept the point, or repeat it"] if not machine.progress.error else ["repeat the point, or skip it"]
            )
        case "prepare" | "eccentricity" | "adjust" | "finish":
            open_ = forms.missing(form(machine))
            return [f"answer: {label}" for label in open_] or ["go on with next"]
    return []


def _warnings(machine: Machine) -> list[str]:
    found = [machine.outside] if machine.outside else []
    found += [machine.unfitted] if machine.unfitted and machine.stage == "adjust" else []
    if machine.stage == "review" and not machine.progress.error and machine.progress.results:
        found += machine.progress.results[-1].warnings
    if not machine.over and not machine.setup.auto:
        for name, source in (("item", machine.setup.source), ("reference", machine.setup.reference)):
            found += _silent(machine, name, source)
    return found


def _silent(machine: Machine, name: str, source: Source) -> list[str]:
    if not source.live:
        return []
    last = machine.latest(name)
    if last is None:
        return [f"no good sample from {source} yet"]
    age = machine.now - last.t
    return [f"no good sample from {source} for {age:.0f} s"] if age > STALE_S else []


def _settled(machine: Machine) -> float | None:
    state = machine.settle_state
    if state is None or machine.stage not in ("settling", "reading", "review", "timeout"):
        return None
    return round(state.progress, 3)


def _settling(machine: Machine) -> Settling | None:
    state, table = machine.settle_state, machine.procedure.settle
    if state is None or table is None or machine.visit is None:
        return None
    return Settling(
        of="reference" if machine.watched == "reference" else "item",
        phase="away" if machine.away is not None else state.phase,
        drift=_finite(abs(state.slope) * table.window_s),
        drift_max=table.drift,
        s=_finite(state.s),
        s_max=table.s,
        slope=_finite(state.slope),
        remaining_s=_remaining(state, table.window_s, table.hold_s),
        timeout_s=table.timeout_s,
    )


def _remaining(state: State, window_s: float, hold_s: float) -> float | None:
    """The least that is still to wait; unknown while it drifts."""
    match state.phase:
        case "filling":
            return round(window_s * (1 - min(1.0, state.progress / 0.3)) + hold_s, 1)
        case "holding":
            return round(hold_s * (1 - (state.progress - 0.8) / 0.2), 1)
        case "settled":
            return 0.0
    return None


def _room(machine: Machine) -> dict[str, Room]:
    found = {}
    for name, tally in machine.progress.room.items():
        limits: tuple[float, float] | None = getattr(machine.procedure.environment, name, None)
        low, high = limits or (None, None)
        found[name] = Room(now=tally.now, min=tally.min, max=tally.max, low=low, high=high)
    return found


def _correction(machine: Machine) -> str:
    fit = machine.correction_found
    if fit is None or not curve_kind(machine.procedure):
        return ""
    names = {0: "", 1: " I"}
    terms = [f"{b:+.6g}{names.get(e, f' I^{e}')}" for b, e in zip(fit.powers, fit.curve.exponents, strict=True)]
    return f"C(I) = {' '.join(terms)} {machine.procedure.unit}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _ms(t: float) -> int:
    return max(0, round(t * 1000))
