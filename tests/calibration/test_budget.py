import math

import pytest

from calibration.budget import Budget, Contribution, combine, contribution, divisor
from calibration.exact import CalculationError


def budget(*parts: float, r: float = 0.0) -> Budget:
    lines = tuple(Contribution(name, part) for name, part in zip("abcdef", parts, strict=False))
    return Budget(lines, {("a", "b"): r} if r else {})


@pytest.mark.parametrize(
    ("dist", "value"),
    [("normal", 1), ("rectangular", 3**0.5), ("triangular", 6**0.5), ("u", 2**0.5), ("trapezoidal", 6**0.5)],
)
def test_divisors(dist: str, value: float) -> None:
    assert divisor(dist) == pytest.approx(value)  # type: ignore[arg-type]


def test_a_trapezoid_without_slopes_is_a_rectangle() -> None:
    assert divisor("trapezoidal", 1.0) == pytest.approx(math.sqrt(3))


@pytest.mark.parametrize(("r", "u"), [(0.0, 5.0), (1.0, 7.0), (-1.0, 1.0), (0.5, 37**0.5)])
def test_correlation(r: float, u: float) -> None:
    assert budget(3, 4, r=r).u == pytest.approx(u)


def test_the_sign_of_a_sensitivity_matters_with_correlation() -> None:
    lines = (Contribution("a", 3, 2), Contribution("b", 4, -1.5))
    assert Budget(lines, {("b", "a"): 1.0}).u == pytest.approx(0)


def test_shares_of_the_variance() -> None:
    assert budget(3, 4).shares() == pytest.approx({"a": 9 / 25, "b": 16 / 25})
    assert sum(budget(3, 4, 2, r=0.4).shares().values()) == pytest.approx(1)
    assert budget(0).shares() == {"a": 0.0}


def test_correlated_contributions_share_their_degrees_of_freedom() -> None:
    """Observed together in 5 sets (GUM H.2), whatever the result is made of: 4."""
    lines = tuple(Contribution(n, u, 1.0, 4) for n, u in (("a", 3.0), ("b", 4.0)))
    assert Budget(lines, {("a", "b"): 0.3}).nu == pytest.approx(4)
    other = (lines[0], Contribution("b", 4.0, 1.0, 9))
    assert Budget(other, {("a", "b"): 0.3}).nu == pytest.approx(4)
    assert Budget(lines).nu == pytest.approx(25**2 / (81 / 4 + 256 / 4))


def test_from_limits_and_from_a_certificate() -> None:
    assert contribution("x", half=0.05).u == pytest.approx(0.0289, abs=1e-4)
    assert contribution("x", expanded=45, k=2).u == 22.5
    assert contribution("x", half=0.5, dist="u").u == pytest.approx(0.5 / 2**0.5)
    for half, expanded, k in ((None, None, 2.0), (1.0, 1.0, 2.0), (None, 1.0, 0.0)):
        with pytest.raises(CalculationError):
            contribution("x", half=half, expanded=expanded, k=k)


def test_auto_takes_the_shape_and_t_does_not() -> None:
    lines = Budget((Contribution("a", 0.001), contribution("b", half=0.05), contribution("c", half=0.011)))
    assert lines.expand(0.95, "auto").k_method == "rect"
    assert lines.expand(0.95).k == pytest.approx(1.96, abs=1e-3)


def test_units_scale_u_and_leave_k() -> None:
    small, large = (combine([f * 3, f * 4, f * 1], [3, 8, math.inf]) for f in (1, 1000))
    assert math.isclose(large.U, 1000 * small.U)
    assert large.k == small.k


def test_what_a_budget_refuses() -> None:
    line = Contribution("a", 1)
    with pytest.raises(CalculationError, match="same name"):
        Budget((line, line))
    for pair, r in ((("a", "z"), 0.5), (("a", "a"), 0.5), (("a", "b"), 1.5)):
        with pytest.raises(CalculationError, match="correlation"):
            Budget((line, Contribution("b", 1)), {pair: r})
