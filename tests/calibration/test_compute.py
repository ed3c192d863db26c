"""The example's results, each computed by hand."""

import math
from typing import Any

import msgspec
import pytest

from calibration.compute import PointResult, RunResult, compute
from calibration.exact import CalculationError
from calibration.procedure import Environment, FitTable, Line, Settling
from tests.calibration.example import NOMINALS, point, procedure, raw, record


def found(**changes: Any) -> RunResult:
    return compute(record(**changes), procedure())["as_found"]


def at(result: RunResult, nominal: float) -> PointResult:
    return next(p for p in result.points if p.nominal == nominal)


@pytest.mark.parametrize("x", [0, 10, 15, 20, 30])
def test_error_is_indication_less_reference(x: float) -> None:
    p = at(found(), x)
    assert p.error == pytest.approx(0.25 + 0.01 * x, rel=1e-12)
    assert p.n == 6
    assert p.check == (x == 15)


@pytest.mark.parametrize("x", [0, 30])
def test_every_component_at_every_point(x: float) -> None:
    parts = {line.name: line.part for line in at(found(), x).budget.lines}
    assert parts == pytest.approx(
        {
            "reference": 0.03,
            "ref_drift": 0.001 * x / 3**0.5,
            "resolution": 0.01 / 12**0.5,
            "repeatability": 0.01 / 6**0.5,
            "hysteresis": 0.1 / (2 * 3**0.5),
        }
    )


def test_scatter_is_that_within_a_visit() -> None:
    """Up and down differ by 0.1, the readings of each by 0.01: hysteresis is not counted as scatter again."""
    p = at(found(), 10)
    assert p.s == pytest.approx(0.01)
    assert p.nu == 4


def test_decision_uses_the_tolerance_at_the_point() -> None:
    p = at(found(), 30)
    assert p.decision is not None
    assert p.decision.limits.high == pytest.approx(0.8)
    assert p.decision.verdict == "pass"
    assert at(found(), 0).printed.y == "0.250"
    assert found().passed is True


def test_a_failure_is_one() -> None:
    points = raw()["as_found"]["points"]
    points[0] = point("0", error=9)
    assert found(as_found={"points": points}).passed is False


def test_the_correction_removes_the_error() -> None:
    result = found()
    assert result.fit is not None
    for p in result.points:
        assert p.indication + result.fit.curve.value(p.indication) == pytest.approx(p.reference, abs=1e-9)
    assert [x for x, _ in result.checks] == [15]
    assert result.checks[0][1] == pytest.approx(0, abs=1e-9)
    assert result.fit.n == 4


def test_check_points_are_judged() -> None:
    points = raw()["as_found"]["points"]
    points[2], points[7] = point("15", error=4), point("15", "down", 5)
    points[2]["check"] = points[7]["check"] = True
    result = found(as_found={"points": points})
    assert result.checks[0][1] == pytest.approx(0.2 / 1.01)
    assert any("check point" in warning for warning in result.warnings)


def test_the_standards_correction_moves_the_error() -> None:
    shifted = [
        {
            "id": "g",
            "points": [{"x": "0", "correction": "0.1", "U": "0.06"}, {"x": "30", "correction": "0.1", "U": "0.06"}],
        }
    ]
    assert at(found(standards=shifted), 10).error == pytest.approx(0.25)


def test_few_readings_borrow_the_scatter_of_all() -> None:
    strict = procedure(budget={**procedure().budget, "repeatability": Line(from_="readings", min_nu=20)})
    p = at(compute(record(), strict)["as_found"], 10)
    assert p.s == pytest.approx(0.01)
    assert p.nu == 20
    with pytest.raises(CalculationError, match="asks for 21"):
        compute(record(), procedure(budget={"repeatability": Line(from_="readings", min_nu=21)}))


def test_settling_counts_what_the_detector_saw() -> None:
    table = Settling(window_s=60, drift=0.1, s=1, tau_s=30)
    p = procedure(settle=table, budget={"settling": Line(from_="settle")})
    typed = compute(record(), p)["as_found"]
    assert at(typed, 10).expanded.u == pytest.approx(0.1 / 60 * 30 / 3**0.5)
    points = raw()["as_found"]["points"]
    points[1]["settle"] = {"slope": "-0.001", "u_slope": "0.0005"}
    live = compute(record(as_found={"points": points}), p)["as_found"]
    assert at(live, 10).expanded.u == pytest.approx(0.002 * 30 / 3**0.5)


def test_eccentricity_scales_with_the_load() -> None:
    p = procedure(budget={"eccentricity": Line(from_="eccentricity")})
    run = {**raw()["as_found"], "eccentricity": {"load": "10", "centre": "10.0", "others": ["10.1", "9.9"]}}
    assert at(compute(record(as_found=run), p)["as_found"], 30).expanded.u == pytest.approx(
        30.55 * 0.1 / (2 * 10 * 3**0.5)
    )
    with pytest.raises(CalculationError, match="not measured"):
        compute(record(), p)


def correlated(stamped: bool) -> dict[str, Any]:
    """Twenty samples on a slow wave."""
    readings = [{"I": f"{10 + math.sin(i / 6):.4f}", "x": "10"} for i in range(20)]
    if stamped:
        readings = [{**r, "t": f"2026-11-20T10:00:{i:02d}Z"} for i, r in enumerate(readings)]
    return {"points": [{"nominal": "10", "readings": readings}]}


def test_correlated_samples_are_told_and_cost() -> None:
    p = procedure(fit=msgspec.structs.replace(procedure().fit, model="none"), budget={"r": Line(from_="readings")})
    plain, wave = (compute(record(as_found=correlated(s)), p)["as_found"] for s in (False, True))
    assert at(wave, 10).expanded.u > 1.8 * at(plain, 10).expanded.u
    assert any("correlated" in warning for warning in wave.warnings)
    assert not any("correlated" in warning for warning in plain.warnings)


def test_the_room() -> None:
    hot = {"temperature": {"min": "20", "mean": "25", "max": "30"}}
    limits = Environment(temperature=(18, 28))
    flagged = compute(record(environment=hot), procedure(environment=limits))["as_found"]
    assert any("temperature was 20 to 30" in warning for warning in flagged.warnings)
    with pytest.raises(CalculationError, match="temperature was"):
        compute(record(environment=hot), procedure(environment=msgspec.structs.replace(limits, action="stop")))


def test_formulas_know_the_room_only_when_it_was_measured() -> None:
    p = procedure(budget={"t": Line(half="0.01*abs(T-20)")})
    room = {"temperature": {"min": "22", "mean": "23", "max": "24"}}
    assert at(compute(record(environment=room), p)["as_found"], 0).expanded.u == pytest.approx(0.03 / 3**0.5)
    with pytest.raises(CalculationError, match="needs T"):
        compute(record(), p)


def test_missing_points_are_told() -> None:
    some = [point(n) for n in NOMINALS if n != "20"] + [point(n, "down") for n in ("0", "10", "15", "30")]
    p = procedure(fit=msgspec.structs.replace(procedure().fit, model="none"))
    warnings = compute(record(as_found={"points": some}), p)["as_found"].warnings
    assert warnings == ("20: the procedure has this point, the record has not",)


def test_another_procedure_is_refused() -> None:
    with pytest.raises(CalculationError, match="revision 2, this is P-1 revision 3"):
        compute(record(), procedure(rev=3))
    with pytest.raises(CalculationError, match="no readings"):
        compute(record(as_found=None), procedure())


def test_the_order_of_the_visits_does_not_matter() -> None:
    points = raw()["as_found"]["points"]
    assert found(as_found={"points": points[::-1]}).points == found().points


def test_as_left_may_be_check_points_only() -> None:
    """The curve put in force is the one from as found; it has its place in the budget, and no point is missing."""
    with_fit = procedure(budget={**procedure().budget, "fit": Line(from_="fit")})
    left = {"points": [point("15", error=-1), point("15", "down", -1)]}
    results = compute(record(as_left=left), with_fit)
    assert results["as_left"].fit is None
    assert results["as_left"].warnings == ()
    curve = results["as_found"].fit
    assert curve is not None
    line = next(line for line in at(results["as_left"], 15).budget.lines if line.name == "fit")
    assert line.u == pytest.approx(curve.at(15.15).u, rel=1e-2)
    assert line.nu == curve.nu


def test_what_the_curve_in_force_leaves_at_a_check_point_is_told() -> None:
    left = {"points": [point("15", error=2)]}
    results = compute(record(as_left=left), procedure())
    assert any("leaves an error of 0.35" in warning for warning in results["as_left"].warnings)


def test_raw_readings_are_judged_with_the_curve_fitted_as_found() -> None:
    """The readings as left are those as found: raw; with the new curve nearly nothing is left of their error."""
    left = {"points": [point("15"), point("15", "down", 3)], "fitted": True}
    results = compute(record(as_left=left), procedure())
    assert at(results["as_found"], 15).error == pytest.approx(0.4)
    assert abs(at(results["as_left"], 15).error) < 0.01
    assert results["as_left"].checks == ((15.0, at(results["as_left"], 15).error),)
    with pytest.raises(CalculationError, match="has none"):
        compute(record(as_left=left), procedure(fit=FitTable(model="none")))


def test_a_single_reading_as_left_scatters_as_the_instrument_did_as_found() -> None:
    one = {**point("15"), "readings": point("15")["readings"][:1]}
    results = compute(record(as_left={"points": [one], "fitted": True}), procedure())
    found, left = at(results["as_found"], 15), at(results["as_left"], 15)
    assert left.s == pytest.approx(0.01, rel=0.1)
    assert results["as_left"].hysteresis is not None
    assert results["as_left"].hysteresis.largest == results["as_found"].hysteresis.largest  # type: ignore[union-attr]
    assert left.expanded.u > found.s / math.sqrt(6)


def test_as_found_is_what_the_correction_in_force_showed_and_the_new_curve_is_over_the_raw_value() -> None:
    plain = compute(record(), procedure())["as_found"]
    applied = {"certificate": "K-1", "x0": "0", "scale": "1", "coef": ["-0.2", "-0.01"]}
    found = compute(record(as_found={**raw()["as_found"], "applied": applied}), procedure())["as_found"]
    assert abs(at(found, 20).error) < abs(at(plain, 20).error) / 4
    assert at(found, 20).indication == pytest.approx(at(plain, 20).indication * 0.99 - 0.2)
    assert plain.fit is not None
    assert found.fit is not None
    assert found.fit.powers == plain.fit.powers


def test_a_standard_that_was_overdue_computes_nothing() -> None:
    late = [{"id": "gauge", "U": "0.06", "due": "2026-11-19"}]
    with pytest.raises(CalculationError, match="gauge was due on 2026-11-19"):
        compute(record(begin="2026-11-20", standards=late), procedure())
    compute(record(begin="2026-11-19", standards=late), procedure())


def test_scatter_and_certificates_are_no_limits() -> None:
    """Else one that dominates would be taken for a rectangle, with k = 1.65."""
    lines = {line.name: line.dist for line in at(found(), 10).budget.lines}
    assert lines["repeatability"] == "t"
    assert lines["reference"] == "normal"
    assert lines["hysteresis"] == lines["resolution"] == "rectangular"
    from calibration.procedure import DecisionTable

    scattered = procedure(budget={"repeatability": Line(from_="readings")}, decision=DecisionTable(k_method="auto"))
    assert at(compute(record(), scattered)["as_found"], 10).expanded.k_method == "t"
