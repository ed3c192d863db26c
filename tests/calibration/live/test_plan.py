"""The visits a procedure asks for."""

import pytest

from calibration import procedure as procedures
from calibration.live.plan import nearness, nominal, steps, visits
from tests.calibration.live.bench import small, template


def named(text: str, part: str, adjusted: str = "") -> list[str]:
    return [str(v) for v in visits(procedures.read(text), part, adjusted)]  # type: ignore[arg-type]


def test_a_curve_is_judged_at_check_points() -> None:
    assert named(small(), "as_found") == ["20 up", "40 up", "60 up"]
    assert named(small(), "as_left", "yes") == ["30 check"]
    assert named(small(), "as_found", "no") == ["20 up", "40 up", "60 up", "30 check"]
    assert named(small(), "as_left", "no") == []


def test_series_up_and_down() -> None:
    text = small('order = "up"', 'order = "up-down"\nseries = 2')
    assert named(text, "as_found") == [f"{x} {w}" for _ in (1, 2) for w, xs in
                                       (("up", (20, 40, 60)), ("down", (60, 40, 20))) for x in xs]  # fmt: skip
    assert steps(procedures.read(text), "") == 13


def test_an_adjusted_instrument_is_read_everywhere_again() -> None:
    text = small('kind = "curve"', 'kind = "instrument"')
    assert named(text, "as_found") == named(text, "as_left", "yes") == ["20 up", "40 up", "60 up", "30 check"]


@pytest.mark.parametrize(("value", "text"), [(20.0, "20"), (4.01, "4.01"), (-7.5, "-7.5"), (1e-5, "0.00001"), (0, "0")])
def test_a_point_is_written_as_its_author_did(value: float, text: str) -> None:
    assert nominal(value) == text


def test_how_near_is_near() -> None:
    pt100 = template("pt100-comparison")
    assert nearness(pt100, 0) == 9.5
    assert nearness(pt100, 30) == 5.0
    assert (
        nearness(procedures.read(small("values = [20, 40, 60]", "values = [20]").replace("check = [30]", "")), 20)
        is None
    )
