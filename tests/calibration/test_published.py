"""What a record says on the wire: the fitted curve bit for bit, honest uncertainties, a range."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.calibration import Calibration
from broker.correction import adding
from broker.messages import decode, encode
from broker.topics import Kind
from calibration.compute import compute
from calibration.fit import fit
from calibration.procedure import FitTable, Procedure
from calibration.published import Effect, carried, effect, of_standard, polynomial
from calibration.record import Applied, CertificatePoint, Record, Standard
from tests.calibration.example import NOMINALS, point, procedure, raw, record

PUBLISH = FitTable(model="poly", degree=1, publish=True)


def effect_of(made: Record, rules: Procedure) -> Effect:
    return effect(made, rules, compute(made, rules))


def sent(found: Effect) -> Calibration:
    """Over the wire and back."""
    given = Calibration(id="K-1", correction=found.correction, U=list(found.U), k=found.k, range=found.range)
    back: dict[str, Calibration] = decode(Kind.CALIBRATION, encode({"temp": given}))
    return back["temp"]


def left(**more: Any) -> dict[str, Any]:
    """As left: check points with small errors."""
    points = [{**point(n, error=0), "check": True} for n in ("0", "30")]
    return {"points": points, **more}


@given(
    st.lists(st.tuples(st.integers(-500, 1500), st.floats(-2, 2)), min_size=6, max_size=12, unique_by=lambda p: p[0]),
    st.integers(0, 3),
    st.floats(0, 1),
)
def test_the_correction_from_the_topic_is_the_fit(points: list[tuple[int, float]], degree: int, place: float) -> None:
    found = fit([str(x) for x, _ in points], [repr(c) for _, c in points], degree, u="0.1")
    add = adding(decode_correction(found))
    assert add is not None
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    x = low + place * (high - low)

    size = max(1.0, abs(x), *(abs(b) for b in found.curve.coef))
    assert abs(add([x])[0] - (x + found.curve.value(x, extrapolate=True))) <= 1e-12 * size


def decode_correction(found: Any) -> Any:
    back = decode(Kind.CALIBRATION, encode({"temp": Calibration(id="K-1", correction=polynomial(found))}))
    return back["temp"].correction


def test_a_curve_through_zero_has_no_constant_part() -> None:
    found = fit(["1", "2", "3", "4"], ["0.1", "0.2", "0.3", "0.41"], 1, through_zero=True, u="0.01")
    correction = polynomial(found)

    assert correction.coef[0] == 0.0
    add = adding(correction)
    assert add is not None
    assert add([0.0]) == [0.0]


def test_as_found_alone_publishes_its_curve_with_the_references_as_places() -> None:
    rules = procedure(fit=PUBLISH)
    made = record()
    found, results = effect_of(made, rules), compute(made, rules)["as_found"]

    assert results.fit is not None
    assert found.correction == polynomial(results.fit)
    assert [u.x for u in found.U] == [p.reference for p in results.points]
    assert [u.U / found.k for u in found.U] == [pytest.approx(p.expanded.u, rel=1e-12) for p in results.points]
    assert sent(found).correction == found.correction


def test_a_procedure_that_publishes_nothing_gives_the_error_to_the_uncertainty() -> None:
    rules = procedure(fit=FitTable(model="poly", degree=1))
    made = record()
    found, results = effect_of(made, rules), compute(made, rules)["as_found"]

    assert found.correction.type == "none"
    assert [u.x for u in found.U] == [p.indication for p in results.points]
    expected = [found.k * p.expanded.u + abs(p.error) for p in results.points]
    assert [u.U for u in found.U] == [pytest.approx(e) for e in expected]


def test_as_left_with_the_fitted_curve_keeps_it_and_adds_what_it_leaves() -> None:
    rules = procedure(fit=PUBLISH)
    made = record(as_left=left(fitted=True))
    found, results = effect_of(made, rules), compute(made, rules)

    assert results["as_found"].fit is not None
    assert found.correction == polynomial(results["as_found"].fit)
    assert len(found.U) == len(results["as_found"].points) + len(results["as_left"].points)
    assert found.passed == results["as_left"].passed


def test_an_adjusted_instrument_has_lost_the_curve_of_as_found() -> None:
    assert effect_of(record(as_left=left()), procedure(fit=PUBLISH)).correction.type == "none"


def test_as_left_with_a_curve_of_its_own_publishes_that() -> None:
    rules = procedure(fit=PUBLISH)
    made = record(as_left={"points": [point(n, error=1) for n in NOMINALS]})
    results = compute(made, rules)

    assert results["as_left"].fit is not None
    assert effect_of(made, rules).correction == polynomial(results["as_left"].fit)


def test_a_curve_over_corrected_values_is_not_published() -> None:
    found = effect_of(record(), procedure(fit=PUBLISH, signal="corrected"))

    assert (found.correction.type, found.signal) == ("none", "corrected")


def test_what_was_in_force_during_the_work_stays_in_force() -> None:
    rules = procedure(fit=FitTable(model="none"))
    data = {**raw()["as_found"], "applied": {"certificate": "K-0", "coef": ["-0.2", "0.5"], "scale": "100"}}
    found = effect_of(record(as_found=data), rules)

    assert (found.correction.type, found.correction.coef, found.correction.scale) == ("poly", [-0.2, 0.5], 100.0)


def test_a_table_in_force_is_carried_as_one() -> None:
    found = carried(Applied(certificate="K-0", table=[("0", "0.1"), ("10", "0.2")]))

    assert (found.type, found.points) == ("table", [(0.0, 0.1), (10.0, 0.2)])


def test_the_range_holds_all_readings_and_what_the_uncertainty_cannot_tell_from_them() -> None:
    found = effect_of(record(), procedure(fit=PUBLISH))
    readings = [float(s["I"]) for p in raw()["as_found"]["points"] for s in p["readings"]]

    assert found.range is not None
    assert found.range[0] == pytest.approx(min(readings) - found.U[0].U)
    assert found.range[1] == pytest.approx(max(readings) + found.U[-1].U)


def test_a_reference_that_is_read_live_carries_its_correction_in_its_uncertainty() -> None:
    points = [("10", "0.2", "0"), ("0", "0.1", "-0.3"), ("0", "0.1", "0")]
    standard = Standard(id="ref", k="2.1", points=[CertificatePoint(x=x, U=u, correction=c) for x, u, c in points])
    places, k = of_standard(standard)

    assert ([(p.x, p.U) for p in places], k) == ([(0.0, 0.4), (10.0, 0.2)], 2.1)
    assert of_standard(Standard(id="ref", U="0.06"))[0][0].U == 0.06
