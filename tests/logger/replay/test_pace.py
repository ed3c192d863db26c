from math import inf

from logger.replay.pace import Pace


def test_as_fast_as_it_was_and_faster() -> None:
    for speed, wait in ((1.0, 5.0), (10.0, 0.5), (0.5, 10.0)):
        pace = Pace(speed, 1000)
        pace.begin(100.0)
        assert pace.wait_s(6000, 100.0) == wait
        assert pace.wait_s(6000, 100.0 + wait / 2) == wait / 2
        assert pace.wait_s(6000, 200.0) == 0.0


def test_max_waits_for_nothing_but_a_pause() -> None:
    pace = Pace(inf, 0)
    pace.begin(0.0)
    assert pace.wait_s(10**9, 0.0) == 0.0
    pace.toggle(1.0)
    assert pace.wait_s(0, 1.0) == inf
    pace.toggle(2.0)
    assert pace.wait_s(10**9, 2.0) == 0.0


def test_a_pause_is_not_made_up_for() -> None:
    pace = Pace(1.0, 0)
    pace.begin(0.0)
    pace.toggle(3.0)
    assert (pace.paused, pace.wait_s(5000, 4.0)) == (True, inf)
    pace.toggle(13.0)
    assert (pace.paused, pace.wait_s(5000, 13.0)) == (False, 2.0)
