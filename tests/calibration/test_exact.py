from decimal import Decimal

import numpy as np
import pytest

from calibration.exact import CalculationError, exact, same_length


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (0.1, "0.1"),
        ("100.0000", "100.0000"),
        (7, "7"),
        (np.float64(0.3), "0.3"),
        (np.int64(5), "5"),
        (Decimal("1e-9"), "1E-9"),
    ],
)
def test_a_number_is_the_decimal_a_person_wrote(value: float, meant: str) -> None:
    assert str(exact(value)) == meant


@pytest.mark.parametrize(
    "value", ["nan", float("inf"), "1,5", "", None, "1_000", "٣", "1e999999999", Decimal("1e-500")]
)
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(CalculationError):
        exact(value)


def test_columns_of_different_length_are_named() -> None:
    with pytest.raises(CalculationError, match="x has 1, y has 2"):
        same_length(x=[1], y=[1, 2])
