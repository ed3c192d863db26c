"""What a released record does to a channel: its correction, where that holds, and the uncertainty. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from broker.calibration import Correction, Uncertainty
from calibration.compute import PointResult, RunResult
from calibration.exact import exact
from calibration.fit import Fit
from calibration.procedure import Procedure
from calibration.record import Applied, Record, RunData, Standard

_SAME = 1e-9
"""Of the span: values nearer than this are one place."""


@dataclass(frozen=True, slots=True)
class Effect:
    """``U`` with the one ``k`` for all places; ``range`` of raw values; ``passed`` as left, else as found."""

    correction: Correction
    range: tuple[float, float] | None
    U: tuple[Uncertainty, ...]
    k: float
    unit: str
    signal: Literal["raw", "corrected"]
    passed: bool | None


def effect(record: Record, procedure: Procedure, results: dict[str, RunResult]) -> Effect:
    """``results`` of ``compute``. What a curve does not take away, U carries: U + |E| [GUM F.2.4.5]."""
    found, left = results.get("as_found"), results.get("as_left")
    curve, source = _curve(record, procedure, found, left)
    last = left if left is not None else found
    data = record.as_left if record.as_left is not None else record.as_found
    fresh = found if curve is not None and source == "as_found" else None
    k = max((p.expanded.k for run in (fresh, last) if run is not None for p in run.points), default=2.0)
    places = [(p.reference, k * p.expanded.u) for p in fresh.points] if fresh is not None else []
    if last is not None and last is not fresh:
        places += [_left(p, k, fitted=curve is not None and last.fit is curve) for p in last.points]
    fitted_on = record.as_found if source == "as_found" else data
    return Effect(
        polynomial(curve) if curve is not None else carried(data.applied if data is not None else None),
        _range(fitted_on, places) if fitted_on is not None else None,
        tuple(_rising(places)),
        k,
        procedure.unit,
        procedure.signal,
        last.passed if last is not None else None,
    )


def polynomial(fit: Fit) -> Correction:
    """The fitted correction, bit for bit."""
    curve = fit.curve
    coef = [0.0] * (max(curve.exponents) + 1)
    for exponent, b in zip(curve.exponents, curve.coef, strict=True):
        coef[exponent] = b
    return Correction(type="poly", x0=curve.x0, scale=curve.scale, coef=coef)


def carried(applied: Applied | None) -> Correction:
    """The correction that was in force while the record was made, and stays so."""
    if applied is None:
        return Correction()
    if applied.table:
        return Correction(type="table", points=[(float(exact(x)), float(exact(c))) for x, c in applied.table])
    coef = [float(exact(c)) for c in applied.coef]
    return Correction(type="poly", x0=float(exact(applied.x0)), scale=float(exact(applied.scale)), coef=coef)


def of_standard(standard: Standard) -> tuple[tuple[Uncertainty, ...], float]:
    """(U, k) of a reference that is read live: its certificate's correction is used in calibrations, not here."""
    k = float(exact(standard.k))
    if standard.U is not None:
        return (Uncertainty(x=0.0, U=float(exact(standard.U))),), k
    places = [(float(exact(p.x)), float(exact(p.U)) + abs(float(exact(p.correction)))) for p in standard.points]
    return tuple(_rising(places)), k


Source = Literal["as_found", "as_left"]


def _curve(
    record: Record, procedure: Procedure, found: RunResult | None, left: RunResult | None
) -> tuple[Fit | None, Source]:
    """The curve to be published. One of as found holds no longer where the instrument itself was adjusted."""
    if not procedure.fit.publish or procedure.signal == "corrected":
        return None, "as_left"
    if left is None or record.as_left is None:
        return (found.fit if found is not None else None), "as_found"
    if record.as_left.fitted:
        return (found.fit if found is not None else None), "as_found"
    return left.fit, "as_left"


def _left(p: PointResult, k: float, *, fitted: bool) -> tuple[float, float]:
    """(place, U) of a point that no curve was fitted to: its error is known and stays."""
    return (p.reference, k * p.expanded.u) if fitted else (p.indication, k * p.expanded.u + abs(p.error))


def _range(data: RunData, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """All readings, and beyond the ends what U cannot tell from them: a balance rests at zero and a little below."""
    readings = [float(exact(s.I)) for point in data.points if not point.check for s in point.readings]
    readings = readings or [float(exact(s.I)) for point in data.points for s in point.readings]
    low, high = min(readings), max(readings)
    below = min(places, key=lambda p: abs(p[0] - low))[1] if places else 0.0
    above = min(places, key=lambda p: abs(p[0] - high))[1] if places else 0.0
    return low - below, high + above


def _rising(places: Iterable[tuple[float, float]]) -> list[Uncertainty]:
    """In order; of two at one place the larger."""
    ordered = sorted(places)
    near = _SAME * (ordered[-1][0] - ordered[0][0]) if ordered else 0.0
    found: list[tuple[float, float]] = []
    for x, u in ordered:
        if found and x - found[-1][0] <= near:
            found[-1] = (found[-1][0], max(found[-1][1], u))
        else:
            found.append((x, u))
    return [Uncertainty(x=x, U=u) for x, u in found]
