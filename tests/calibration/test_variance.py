"""GUM H.5; NIST's SiRstv."""

import math

import pytest

from calibration.exact import CalculationError
from calibration.variance import one_way, summarised

SIRSTV = [
    ["196.3052", "196.1240", "196.1890", "196.2569", "196.3403"],
    ["196.3042", "196.3825", "196.1669", "196.3257", "196.0422"],
    ["196.1303", "196.2005", "196.2889", "196.0343", "196.1811"],
    ["196.2795", "196.1748", "196.1494", "196.1485", "195.9885"],
    ["196.2119", "196.1051", "196.1850", "196.0052", "196.2090"],
]
ZENER = [f"10.000{micro:03d}" for micro in (172, 116, 13, 144, 106, 31, 60, 125, 163, 41)]
ZENER_S = [f"{s}e-6" for s in (60, 77, 111, 101, 67, 93, 80, 73, 88, 86)]


def test_nist_sirstv() -> None:
    found = one_way(SIRSTV)
    assert (found.nu1, found.nu2) == (4, 20)
    assert found.between == pytest.approx(1.27865654000000e-02, rel=1e-12)
    assert found.within == pytest.approx(1.08318280000000e-02, rel=1e-12)
    assert found.f == pytest.approx(1.18046237440255, rel=1e-12)
    assert found.r2 == pytest.approx(1.90999039051129e-01, rel=1e-12)
    assert found.s_within == pytest.approx(1.04076068334656e-01, rel=1e-12)
    assert found.p > 0.05


def test_gum_h5() -> None:
    """Ten days of five readings of a voltage standard; V and µV."""
    found = summarised(ZENER, ZENER_S, 5)
    assert found.mean == pytest.approx(10.000097, abs=5e-7)
    micro = [1e6 * v for v in (math.sqrt(found.between), found.s_within, found.s_between)]
    assert [round(v) for v in micro] == [128, 85, 43]
    assert found.f == pytest.approx(2.25, abs=0.02)  # printed from rounded parts
    assert (round(found.limit(0.95), 2), round(found.limit(0.975), 2)) == (2.12, 2.45)
    assert round(1e6 * found.u_mean(effect=True)) == 18
    assert round(1e6 * found.u_mean(effect=False)) == 13
    assert (found.nu1, found.nu1 + found.nu2) == (9, 49)


def test_both_ways_of_giving_it_agree() -> None:
    groups = [[1.0, 1.2, 1.1], [1.4, 1.3, 1.5]]
    a, b = one_way(groups), summarised([1.1, 1.4], [0.1, 0.1], 3)
    assert (a.f, a.p, a.s_between) == pytest.approx((b.f, b.p, b.s_between), rel=1e-12)


def test_units_and_order_change_no_ratio() -> None:
    plain = one_way(SIRSTV)
    moved = one_way([[float(v) * 1000 - 196000 for v in reversed(group)] for group in reversed(SIRSTV)])
    assert moved.f == pytest.approx(plain.f, rel=1e-9)
    assert moved.s_within == pytest.approx(1000 * plain.s_within, rel=1e-9)


def test_no_scatter_at_all() -> None:
    assert one_way([[1, 1], [1, 1]]).f == 0.0
    assert one_way([[1, 1], [2, 2]]).p == 0.0


@pytest.mark.parametrize("groups", [[], [[1, 2]], [[1, 2], [3]]])
def test_too_little(groups: list[list[int]]) -> None:
    with pytest.raises(CalculationError):
        one_way(groups)
    with pytest.raises(CalculationError):
        summarised([1], [1], 5)
