import math
from decimal import Decimal

import pytest

from calibration.documents import figures
from calibration.rounding import Printed


def test_a_value_beside_an_uncertainty() -> None:
    assert figures.alongside(20.0149, Printed("0.072", "0.017")) == "20.015"
    assert figures.alongside(1234.5, Printed("1230", "10")) == "1235"
    assert figures.alongside(0.25, Printed("0.25", "0")) == "0.25"


def test_half_goes_away_from_zero_in_decimal() -> None:
    assert figures.rounded(2.675, "0.01") == "2.68"
    assert figures.rounded(-0.125, "0.01") == "-0.13"
    assert figures.rounded(-0.001, "0.01") == "0.00"


@pytest.mark.parametrize(("u", "shown"), [(0.0, "0"), (0.00871, "0.0087"), (8.9674e-6, "9.0·10⁻⁶"), (12345.0, "12000")])
def test_uncertainties_have_two_digits(u: float, shown: str) -> None:
    assert figures.uncertain(u) == shown


def test_long_rows_of_zeros_are_powers() -> None:
    assert figures.powered(Decimal("0.00000012345")) == "1.2345·10⁻⁷"
    assert figures.powered(Decimal("1200000000000000")) == "1.200000000000000·10¹⁵"
    assert figures.powered(Decimal(0)) == "0"


def test_coefficients_keep_enough_digits_to_compute_with() -> None:
    assert figures.coefficient(-0.054533012, 0.00053127) == ("-0.0545330", "0.00053")
    assert figures.coefficient(1.5, 0.0) == ("1.5", "0")


@pytest.mark.parametrize(("nu", "shown"), [(math.inf, "∞"), (1001.0, "∞"), (16.73, "16"), (4.0, "4")])
def test_degrees_of_freedom_are_rounded_down(nu: float, shown: str) -> None:
    assert figures.degrees(nu) == shown


@pytest.mark.parametrize(
    ("p", "shown"), [(1.0, "> 99.99"), (0.99995, "> 99.99"), (0.9545, "95.45"), (0.0002, "0.02"), (0.0, "< 0.01")]
)
def test_nothing_is_certain(p: float, shown: str) -> None:
    assert figures.probability(p) == shown
