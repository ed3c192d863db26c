"""A correction in force, as coefficients and as a table."""

from decimal import Decimal

import msgspec
import pytest

from calibration.applied import Correction
from calibration.exact import CalculationError
from calibration.record import Applied


def test_none_changes_no_digit() -> None:
    assert str(Correction.of(None).shown("20.0300")) == "20.0300"


def test_a_polynomial_in_z() -> None:
    applied = Applied(certificate="K-1", x0="10", scale="5", coef=["0.1", "0.2", "0.4"])
    assert Correction.of(applied).shown("15") == pytest.approx(Decimal("15.7"), rel=Decimal("1e-12"))


@pytest.mark.parametrize(("value", "shown"), [("0", "0.1"), ("5", "5.2"), ("20", "20.5"), ("-10", "-10.1")])
def test_a_table_goes_on_at_its_ends(value: str, shown: str) -> None:
    applied = Applied(certificate="K-1", table=[("0", "0.1"), ("10", "0.3")])
    assert Correction.of(applied).shown(value) == Decimal(shown)


def test_what_is_no_correction() -> None:
    for wrong in ({}, {"coef": ["1"], "table": [["0", "1"]]}):
        with pytest.raises(msgspec.ValidationError, match="either coefficients or a table"):
            msgspec.convert({"certificate": "K", **wrong}, Applied)
    for table in ([("0", "1")], [("1", "0"), ("1", "1")]):
        with pytest.raises(CalculationError, match="rising points"):
            Correction.of(Applied(certificate="K", table=table))
    with pytest.raises(CalculationError, match="scale zero"):
        Correction.of(Applied(certificate="K", coef=["1"], scale="0"))
