"""From a record's raw readings to its results, with the procedure's budget at every point. Pure: same in, same out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calibration.applied import Correction
from calibration.budget import Budget, Contribution, Expanded, Shape
from calibration.decide import Decision, decide
from calibration.exact import CalculationError, exact
from calibration.fit import Fit, fit
from calibration.groups import Group, grouped
from calibration.procedure import Line, Procedure
from calibration.record import Record, RunData
from calibration.rounding import Printed, printed
from calibration.series import Effect, eccentricity, hysteresis
from calibration.settle import State, bias
from calibration.stats import Spread, mean, pooled, sd, summary
from calibration.suitable import check as check_standards

_SERIAL_FROM = 10
"""From so many timed samples on, correlation of neighbours can be told from chance."""
_SHAPES: dict[str, Shape] = {"readings": "t", "fit": "t", "standard.U": "normal"}
"""What comes from scatter or from a certificate has its own distribution, whatever the procedure's default is."""


@dataclass(frozen=True, slots=True)
class PointResult:
    """One point of the range. ``s`` and ``nu`` are what repeatability was taken from; ``correlated`` is a warning."""

    nominal: float
    check: bool
    n: int
    reference: float
    indication: float
    error: float
    s: float
    nu: float
    correlated: bool
    budget: Budget
    expanded: Expanded
    decision: Decision | None
    printed: Printed


@dataclass(frozen=True, slots=True)
class RunResult:
    """``fit`` is the correction C(I), to be added to an indication; ``checks`` are errors left at check points."""

    points: tuple[PointResult, ...]
    hysteresis: Effect | None
    fit: Fit | None
    checks: tuple[tuple[float, float], ...]
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool | None:
        """None where no tolerance was stated."""
        verdicts = [p.decision.passed for p in self.points if p.decision is not None]
        return all(verdicts) if verdicts else None


def compute(record: Record, procedure: Procedure) -> dict[str, RunResult]:
    """The results of every run in the record, ``as_found`` and ``as_left``. Raises CalculationError."""
    if (record.procedure.id, record.procedure.rev) != (procedure.id, procedure.rev):
        raise CalculationError(
            f"the record was made with {record.procedure.id} revision {record.procedure.rev}, "
            f"this is {procedure.id} revision {procedure.rev}"
        )
    check_standards(record, procedure)
    runs = record.runs()
    if not runs:
        raise CalculationError("the record has no readings yet")
    results: dict[str, RunResult] = {}
    for name, data in runs.items():
        # As left has check points only: its curve is the one that as found gave.
        found = results.get("as_found")
        results[name] = _run(record, procedure, data, found)
    return results


@dataclass(frozen=True, slots=True)
class _Run:
    """What all points of a run share. ``curve`` is the fit of these points, else the one in force as they were read."""

    record: Record
    procedure: Procedure
    groups: tuple[Group, ...]
    scatter: Spread | None
    hysteresis: Effect | None
    eccentric: float | None
    fit: Fit | None
    curve: Fit | None


def _run(record: Record, procedure: Procedure, data: RunData, before: RunResult | None) -> RunResult:
    groups = grouped(record, data, _in_force(data, before.fit if before else None))
    also = _also(record, groups, before)
    own = _fit(procedure, groups)
    sources = {line.from_ for line in procedure.budget.values()}
    run = _Run(
        record,
        procedure,
        groups,
        _scatter([*groups, *also]),
        _hysteresis([*groups, *also]) if "series" in sources else None,
        _eccentric(data) if "eccentricity" in sources else None,
        own,
        own or (before.fit if before else None),
    )
    points = tuple(_point(run, group) for group in groups)
    checks = tuple((g.nominal, _left(g, own)) for g in groups if g.check and run.curve is not None)
    return RunResult(points, run.hysteresis, run.fit, checks, tuple(_warnings(run, points, checks)))


def _also(record: Record, groups: Sequence[Group], before: RunResult | None) -> tuple[Group, ...]:
    """Check points alone are few: what they scatter by is known from as found too, which was the same instrument."""
    if before is None or record.as_found is None or not all(group.check for group in groups):
        return ()
    return grouped(record, record.as_found, Correction.of(record.as_found.applied))


def _in_force(data: RunData, found: Fit | None) -> Correction:
    if not data.fitted:
        return Correction.of(data.applied)
    if found is None:
        raise CalculationError("as left was made with the curve of as found, which has none")
    return Correction(found.curve)


def _scatter(groups: Sequence[Group]) -> Spread | None:
    spreads = [spread for group in groups for spread in _spreads(group)]
    return pooled(spreads) if spreads else None


def _spreads(group: Group) -> list[Spread]:
    return [Spread(sd(errors), len(errors) - 1) for errors in group.errors if len(errors) > 1]


def _hysteresis(groups: Sequence[Group]) -> Effect | None:
    """Errors up beside errors down, where a point was visited in both directions."""
    up, down = [], []
    for group in groups:
        by = {
            way: [
                e
                for visit, errors in zip(group.visits, group.errors, strict=True)
                if visit.direction == way
                for e in errors
            ]
            for way in ("up", "down")
        }
        if by["up"] and by["down"]:
            up.append(by["up"])
            down.append(by["down"])
    return hysteresis(up, down) if up else None


def _eccentric(data: RunData) -> float:
    if data.eccentricity is None:
        raise CalculationError("the budget needs the eccentricity of the balance: it was not measured")
    test = data.eccentricity
    return eccentricity(test.centre, test.others, float(exact(test.load))).u_rel


def _fit(procedure: Procedure, groups: Sequence[Group]) -> Fit | None:
    """The correction over the indication, from the points that are not checks; None where there are only checks."""
    fitted = [g for g in groups if not g.check]
    if procedure.fit.model == "none" or not fitted:
        return None
    indications = [mean(g.indications) for g in fitted]
    corrections = [-g.raw_error for g in fitted]
    return fit(indications, corrections, procedure.fit.degree, through_zero=procedure.fit.through_zero)


def _left(group: Group, curve: Fit | None) -> float:
    """The error left by the curve fitted here, or, where there are only checks, by what was in force."""
    if curve is None:
        return mean([e for errors in group.errors for e in errors])
    return group.raw_error + curve.curve.value(mean(group.indications))


def _point(run: _Run, group: Group) -> PointResult:
    errors = [e for visit in group.errors for e in visit]
    spread, u_mean, correlated = _repeatability(run, group)
    budget = Budget(tuple(_lines(run, group, spread, u_mean)))
    expanded = budget.expand(run.procedure.decision.p, run.procedure.decision.k_method)
    error = mean(errors)
    limits = run.procedure.limits(group.reference, group.indication)
    by = run.procedure.decision.as_rule()
    return PointResult(
        nominal=group.nominal,
        check=group.check,
        n=len(errors),
        reference=group.reference,
        indication=group.indication,
        error=error,
        s=spread.s if spread else 0.0,
        nu=spread.nu if spread else 0.0,
        correlated=correlated,
        budget=budget,
        expanded=expanded,
        decision=decide(error, expanded.u, expanded.U, limits, by, expanded.nu) if limits else None,
        printed=printed(error, expanded.U),
    )


def _repeatability(run: _Run, group: Group) -> tuple[Spread | None, float, bool]:
    """(scatter used, u of the mean, correlated): the point's own where it has enough readings, else the run's."""
    line = next((v for v in run.procedure.budget.values() if v.from_ == "readings"), None)
    if line is None:
        return None, 0.0, False
    count = sum(len(e) for e in group.errors)
    own = _spreads(group)
    spread = pooled(own) if own else None
    least = line.min_nu or 1
    if spread is None or spread.nu < least:
        spread = run.scatter
    if spread is None or spread.nu < least:
        have = 0 if spread is None else spread.nu
        raise CalculationError(f"repeatability has {have:g} degrees of freedom, the procedure asks for {least}")
    factor = _inflation(group)
    return spread, spread.s / math.sqrt(count) * factor, factor > 1


def _inflation(group: Group) -> float:
    """How much correlation of neighbours makes the mean worse; the worst of the visits."""
    factors = [1.0]
    for visit, errors in zip(group.visits, group.errors, strict=True):
        if len(errors) >= _SERIAL_FROM and all(sample.t for sample in visit.readings):
            found = summary(errors, serial=True)
            factors.append(found.u / (found.s / math.sqrt(found.n)) if found.s else 1.0)
    return max(factors)


def _lines(run: _Run, group: Group, spread: Spread | None, u_mean: float) -> list[Contribution]:
    values = _names(run, group)
    lines = []
    for name, line in run.procedure.budget.items():
        nu = line.nu if line.nu is not None else math.inf
        u = line.standard(values)
        if line.from_ == "readings" and spread is not None:
            u, nu = u_mean, spread.nu
        elif line.from_ == "fit" and run.curve is not None:
            u, nu = run.curve.at(values["I"], extrapolate=group.check).u, run.curve.nu
        dist = _SHAPES.get(line.from_ or "", line.dist)
        lines.append(Contribution(name, _measured(run, group, line) if u is None else u, 1.0, nu, dist))
    return lines


def _measured(run: _Run, group: Group, line: Line) -> float:
    """The standard uncertainty of what comes from the record."""
    match line.from_:
        case "standard.U":
            return group.references.u(group.read)
        case "item.d":
            return float(exact(run.record.item.d)) / math.sqrt(12)
        case "series":
            return run.hysteresis.u if run.hysteresis else 0.0
        case "eccentricity":
            return abs(mean(group.indications)) * (run.eccentric or 0.0)
        case "settle":
            return _settling(run.procedure, group)
    return 0.0


def _settling(procedure: Procedure, group: Group) -> float:
    """(|slope| + 2u)·τ/√3 of the worst visit; for typed readings the drift limit takes the slope's place."""
    lag = procedure.settle.tau_s if procedure.settle and procedure.settle.tau_s else None
    sampling = procedure.reading.n * procedure.reading.period_s
    halves = [
        bias(State("settled", slope=float(visit.settle.slope), u_slope=float(visit.settle.u_slope)), lag or sampling)
        for visit in group.visits
        if visit.settle is not None
    ]
    if halves:
        return max(halves) / math.sqrt(3)
    # Without a record of settling the drift limit itself is the bound a person has watched.
    limits = procedure.settle
    return 0.0 if limits is None else limits.drift * (lag or sampling) / limits.window_s / math.sqrt(3)


def _names(run: _Run, group: Group) -> Mapping[str, float]:
    values = {
        "x": group.reference,
        "I": mean(group.indications),
        "span": run.procedure.points.span,
        "d": float(exact(run.record.item.d)),
    }
    room = run.record.environment.get("temperature")
    return values if room is None else {**values, "T": float(exact(room.mean))}


def _warnings(run: _Run, points: Sequence[PointResult], checks: Sequence[tuple[float, float]]) -> list[str]:
    found = [
        f"{p.nominal:g}: neighbouring samples are correlated; u is larger than s/√n" for p in points if p.correlated
    ]
    limit = run.procedure.fit.check_max
    found += [
        f"{x:g}: the curve leaves an error of {e:.3g} at this check point, more than {limit:g}"
        for x, e in checks
        if limit is not None and abs(e) > limit
    ]
    expected = _expected(run)
    missing = sorted(expected - {p.nominal for p in points})
    found += [f"{x:g}: the procedure has this point, the record has not" for x in missing]
    if "series" in {line.from_ for line in run.procedure.budget.values()} and run.hysteresis is None:
        found.append("no point was visited up and down: the budget has no hysteresis")
    return found + _room(run) + _noisy(run)


def _expected(run: _Run) -> set[float]:
    """All points; where as left has check points only, they belong there and the others to as found."""
    values, check = set(run.procedure.points.values), set(run.procedure.points.check)
    if all(group.check for group in run.groups):
        return check
    left = run.record.as_left
    return values if left is not None and all(point.check for point in left.points) else values | check


def _room(run: _Run) -> list[str]:
    """The room beside its limits. Raises CalculationError where the procedure says stop."""
    found = []
    for name in ("temperature", "humidity", "pressure"):
        limits, seen = getattr(run.procedure.environment, name), run.record.environment.get(name)
        if limits is None or seen is None:
            continue
        if float(exact(seen.min)) < limits[0] or float(exact(seen.max)) > limits[1]:
            text = f"{name} was {seen.min} to {seen.max}, the procedure allows {limits[0]:g} to {limits[1]:g}"
            if run.procedure.environment.action == "stop":
                raise CalculationError(text)
            found.append(text)
    return found


def _noisy(run: _Run) -> list[str]:
    limit = run.procedure.reading.max_s
    if limit is None:
        return []
    return [
        f"{group.nominal:g}: scatter {spread.s:.2g} is more than {limit:g}"
        for group in run.groups
        for spread in _spreads(group)
        if spread.s > limit
    ]
