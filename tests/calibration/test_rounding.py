from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.exact import CalculationError
from calibration.rounding import Printed, concise, plain, printed, round_to, round_u


@pytest.mark.parametrize(
    ("u", "digits", "mode", "shown"),
    [
        ("10.47", 2, "half", "10"),
        ("10.47", 2, "ceil", "11"),
        ("28.05", 2, "ceil", "28"),
        ("0.025", 1, "half", "0.03"),
        ("0.0245", 2, "half", "0.025"),
        (0.145, 2, "half", "0.15"),
        ("0.0996", 2, "half", "0.10"),
        ("9.96", 1, "half", "10"),
        ("1234", 2, "half", "1200"),
        ("0.14", 1, "half", "0.2"),
        ("0.104", 1, "half", "0.1"),
        ("0", 2, "half", "0"),
    ],
)
def test_uncertainties(u: str, digits: int, mode: str, shown: str) -> None:
    assert plain(round_u(u, digits, mode)) == shown  # type: ignore[arg-type]


@given(st.decimals("1e-9", "1e9", allow_nan=False, allow_infinity=False), st.sampled_from([1, 2]))
def test_rounding_never_takes_more_than_a_twentieth(u: Decimal, digits: int) -> None:
    rounded = round_u(u, digits)
    assert rounded >= u * Decimal("0.95")
    assert len(rounded.as_tuple().digits) <= digits


@given(st.decimals(-1000, 1000, places=6), st.decimals("0.0001", "100", places=6))
def test_result_and_uncertainty_end_at_the_same_place(y: Decimal, u: Decimal) -> None:
    shown = printed(y, u)
    assert len(shown.y.partition(".")[2]) == len(shown.U.partition(".")[2])
    assert abs(Decimal(shown.y) - y) <= Decimal(shown.U)


def test_halves_go_away_from_zero() -> None:
    assert plain(round_to("2.5", Decimal(1))) == "3"
    assert plain(round_to("-2.5", Decimal(1))) == "-3"
    assert plain(round_to(0.285, Decimal("0.01"))) == "0.29"
    assert plain(round_to("-0.001", Decimal("0.1"))) == "0.0"


def test_concise() -> None:
    assert concise("10.05762", "0.027") == "10.058(27)"
    assert concise("123456", "3600") == "123500(3600)"
    assert concise("5", 0) == "5"
    assert printed("5.123", 0) == Printed("5.123", "0")


@pytest.mark.parametrize(("u", "digits"), [("-1", 2), ("1", 0)])
def test_nonsense_is_refused(u: str, digits: int) -> None:
    with pytest.raises(CalculationError):
        round_u(u, digits)
