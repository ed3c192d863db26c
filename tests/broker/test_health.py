"""The rate behind "hours left"."""

import pytest

from broker.health import Rate


def test_the_rate_is_that_of_the_last_ten_minutes() -> None:
    rate = Rate()
    rate.note(0, 0)
    assert rate.per_second() == 0
    for minute in range(1, 61):
        rate.note(60.0 * minute, 1000 * minute if minute <= 30 else 30_000 + 6000 * (minute - 30))

    assert rate.per_second() == pytest.approx(100)
