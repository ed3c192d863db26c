"""Whether the clock can be trusted, on this machine and on a board without a battery."""

from pathlib import Path

import pytest

from broker.clock import ClockQuality, quality


def test_the_kernel_is_asked() -> None:
    found = quality()

    assert found.synchronised in (True, False, None)
    assert found.error_ms is None or found.error_ms >= 0


def test_a_board_has_a_battery_when_it_has_a_clock_device(tmp_path: Path) -> None:
    assert quality(tmp_path).has_battery  # not a board

    (tmp_path / "proc/device-tree").mkdir(parents=True)
    assert not quality(tmp_path).has_battery
    (tmp_path / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert quality(tmp_path).has_battery


@pytest.mark.parametrize(
    ("synchronised", "has_battery", "trusted"),
    [(True, False, True), (False, False, False), (False, True, True), (None, False, True)],
)
def test_trusted_unless_nothing_kept_the_time(synchronised: bool | None, has_battery: bool, trusted: bool) -> None:
    assert ClockQuality(synchronised, None, has_battery).trusted is trusted
