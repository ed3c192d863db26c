"""What is wrong with a procedure before any work: contradictions, and points where no pass is possible."""

import math
from dataclasses import dataclass
from typing import Literal

from calibration.budget import Budget, Contribution
from calibration.exact import CalculationError
from calibration.fit import MIN_NU
from calibration.procedure import Line, Procedure
from calibration.settle import drift_limit

Severity = Literal["error", "warning"]
EXPECTED = ("reference", "ref_drift", "resolution", "repeatability")
ROOM_T = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence; an error makes the procedure unusable."""

    severity: Severity
    text: str


def lint(procedure: Procedure, *, standard_U: float | None = None, d: float = 0.0) -> list[Finding]:  # noqa: N803
    """Every finding. ``standard_U`` (k = 2) and the item's resolution ``d`` make the estimate of U better."""
    return [
        *_points(procedure),
        *_fit(procedure),
        *_budget(procedure),
        *_settle(procedure),
        *_hopeless(procedure, standard_U or procedure.reference.max_U or 0.0, d),
    ]


def _error(text: str) -> Finding:
    return Finding("error", text)


def _warning(text: str) -> Finding:
    return Finding("warning", text)


def _points(procedure: Procedure) -> list[Finding]:
    points, found = procedure.points, []
    if len(set(points.values)) != len(points.values):
        found.append(_error("points.values has the same point twice; readings are repeated with series"))
    if points.values != sorted(points.values):
        found.append(_error("points.values must rise; the order of the work is points.order"))
    outside = [v for v in points.check if not min(points.values) <= v <= max(points.values)]
    if outside:
        found.append(_error(f"check points {_list(outside)} are outside the calibrated range"))
    inside = [v for v in points.check if v in points.values]
    if inside:
        found.append(_error(f"check points {_list(inside)} are fitted too: a check needs points of its own"))
    return found


def _fit(procedure: Procedure) -> list[Finding]:
    if procedure.fit.model == "none":
        if procedure.fit.publish or procedure.adjust.kind == "curve":
            return [_error("a correction is to be published or applied, but fit.model is none")]
        return []
    found, count = [], len(procedure.points.values)
    terms = procedure.fit.degree + int(not procedure.fit.through_zero)
    if not terms:
        found.append(_error("a curve of degree 0 through zero has no coefficient"))
    if count - terms < MIN_NU:
        found.append(_error(f"{count} points are too few for {terms} coefficients: {MIN_NU} must be left over"))
    if procedure.fit.degree > 3 and count <= 10:
        found.append(_error(f"degree {procedure.fit.degree} with {count} points: at most 3 up to ten points"))
    if procedure.fit.publish and not procedure.points.check:
        found.append(_warning("points.check is empty: as-left errors on fitted points are flattered"))
    return found


def _budget(procedure: Procedure) -> list[Finding]:
    lines, found = procedure.budget, []
    missing = [name for name in EXPECTED if name not in lines]
    if missing:
        found.append(_warning(f"the budget does not name {', '.join(missing)}"))
    sources = [line.from_ for line in lines.values() if line.from_]
    doubled = sorted({str(s) for s in sources if sources.count(s) > 1})
    if doubled:
        found.append(_error(f"the budget counts {', '.join(doubled)} twice"))
    if "series" in sources and procedure.points.order != "up-down":
        found.append(_error("hysteresis comes from series up and down, points.order is not up-down"))
    if "settle" in sources and procedure.settle is None:
        found.append(_error("the budget takes from settle, and there is no table [settle]"))
    if "fit" in sources and procedure.fit.model == "none":
        found.append(_error("the budget takes from the fit, and fit.model is none"))
    needs = [line.min_nu or 1 for line in lines.values() if line.from_ == "readings"]
    groups = len(procedure.points.values) * procedure.points.series * (2 if procedure.points.order == "up-down" else 1)
    pooled = groups * (procedure.reading.n - 1)
    if needs and pooled < needs[0]:
        found.append(_error(f"all points together give {pooled} degrees of freedom, repeatability needs {needs[0]}"))
    return found + _formulas(procedure)


def _formulas(procedure: Procedure) -> list[Finding]:
    found = []
    for name, line in procedure.budget.items():
        for x in procedure.points.values + procedure.points.check:
            problem = _formula_problem(line, _names(procedure, x, 1.0))
            if problem:
                found.append(_error(f"budget.{name} at {x:g}: {problem}"))
                break
    return found


def _formula_problem(line: Line, values: dict[str, float]) -> str:
    formula = line.formula()
    if formula is None:
        return ""
    try:
        return "" if formula(values) >= 0 else f"{formula.text!r} is negative"
    except CalculationError as e:
        return str(e)


def _settle(procedure: Procedure) -> list[Finding]:
    settle = procedure.settle
    if settle is None:
        return []
    found = []
    if settle.timeout_s <= settle.window_s + settle.hold_s:
        found.append(_error("settle.timeout_s ends before window_s and hold_s have passed"))
    if settle.tau_s is None:
        found.append(_warning("settle.tau_s is not given: the settling term counts the time of sampling instead"))
    elif procedure.tolerance is not None:
        half = min(_half(procedure, x) for x in procedure.points.values)
        limit = drift_limit(half / 10, settle.window_s, settle.tau_s)
        if settle.drift > limit:
            hidden = settle.drift * settle.tau_s / settle.window_s
            text = f"settle.drift {settle.drift:g} hides a bias of {hidden:.3g} {procedure.unit}"
            found.append(_warning(f"{text}, more than a tenth of the tolerance; {limit:.2g} would not"))
    return found


def _hopeless(procedure: Procedure, standard_u: float, d: float) -> list[Finding]:
    """Points at which the guard band leaves nothing of the tolerance, from what is known of U beforehand."""
    found: list[Finding] = []
    if procedure.tolerance is None:
        return found
    for x in procedure.points.values:
        try:
            share = _guard_share(procedure, x, standard_u, d)
        except CalculationError:
            continue  # told as a finding of its own
        if share >= 1:
            found.append(
                _error(
                    f"the guard band at {x:g} {procedure.unit} will be {100 * share:.0f} % of the tolerance or more: "
                    "no pass is possible"
                )
            )
        elif share > 1 / 2:
            found.append(
                _warning(f"the guard band at {x:g} {procedure.unit} takes {100 * share:.0f} % of the tolerance")
            )
    return found


def _guard_share(procedure: Procedure, x: float, standard_u: float, d: float) -> float:
    half = _half(procedure, x)
    if not half:
        return math.inf
    values = _names(procedure, x, d)
    lines = tuple(Contribution(name, _known(line, values, standard_u, d)) for name, line in procedure.budget.items())
    U = Budget(lines).expand(procedure.decision.p).U  # noqa: N806
    return procedure.decision.as_rule().guard(U) / half


def _known(line: Line, values: dict[str, float], standard_u: float, d: float) -> float:
    """The standard uncertainty that is known before any reading."""
    typed = line.standard(values)
    if typed is not None:
        return typed
    if line.from_ == "standard.U":
        return standard_u / 2
    return d / math.sqrt(12) if line.from_ == "item.d" else 0.0


def _half(procedure: Procedure, x: float) -> float:
    if procedure.tolerance is None:
        return math.inf
    return procedure.tolerance.tolerance().at(reference=x, indication=x, span=procedure.points.span)


def _names(procedure: Procedure, x: float, d: float) -> dict[str, float]:
    return {"x": x, "I": x, "span": procedure.points.span, "T": ROOM_T, "d": d}


def _list(values: list[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
