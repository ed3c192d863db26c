from decimal import Decimal

import pytest

from calibration.exact import CalculationError
from calibration.record import CertificatePoint, Standard
from calibration.reference import Reference

TABLE = Standard(
    id="t",
    k="2",
    points=[
        CertificatePoint(x="100", correction="-0.2", U="0.06"),
        CertificatePoint(x="0", correction="0.2", U="0.02"),
    ],
)


@pytest.mark.parametrize(("x", "value", "u"), [("0", "0.2", 0.01), ("25", "25.1", 0.015), ("100", "99.8", 0.03)])
def test_corrections_and_uncertainty_are_interpolated(x: str, value: str, u: float) -> None:
    reference = Reference((TABLE,))
    assert reference.corrected(x) == Decimal(value)
    assert reference.u(float(x)) == pytest.approx(u)


@pytest.mark.parametrize("x", ["-1", "101"])
def test_outside_the_certificate_nothing_is_certified(x: str) -> None:
    with pytest.raises(CalculationError, match="certified from 0 to 100"):
        Reference((TABLE,)).corrected(x)


def test_a_single_point_holds_there_only() -> None:
    alone = Reference((Standard(id="w", points=[CertificatePoint(x="50", correction="0.1", U="0.2")]),))
    assert alone.corrected("50") == Decimal("50.1")
    with pytest.raises(CalculationError):
        alone.u(51)


def test_stacked_standards_add_up() -> None:
    assert Reference((Standard(id="a", U="0.2"), Standard(id="b", U="0.3", k="3"))).u(7) == pytest.approx(0.2)


def test_k_is_positive() -> None:
    with pytest.raises(CalculationError, match="coverage factor"):
        Reference((Standard(id="a", U="0.2", k="0"),)).u(1)
