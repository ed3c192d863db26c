"""The state machine on a simulated bath, in simulated time."""

from itertools import pairwise

import pytest

from calibration import procedure as procedures
from calibration.compute import compute
from calibration.live.plan import Source
from calibration.live.times import seconds
from calibration.live.view import view
from tests.calibration.live.bench import SMALL, Bench, bench, small


def begun(**changes: object) -> Bench:
    made = bench(**changes)  # type: ignore[arg-type]
    made.fill()
    made.does("next")
    return made


def test_a_whole_run_with_the_new_curve_judged_at_a_check_point() -> None:
    work = begun()
    work.points()
    assert work.stage == "adjust"
    assert view(work.machine, work.now).correction.startswith("C(I) = -0.0")
    work.does("answer", key="adjust", value="yes")
    work.does("next")
    assert (work.machine.progress.part, work.machine.visit.nominal) == ("as_left", "30")  # type: ignore[union-attr]
    work.points()
    work.fill()
    work.does("next")
    assert work.machine.ready

    record = work.machine.draft("K-1")
    assert record.as_found is not None
    assert record.as_left is not None
    assert record.as_left.fitted
    assert [len(p.readings) for p in record.as_found.points] == [10, 10, 10]
    results = compute(record, procedures.read(SMALL))
    assert [p.error == pytest.approx(0.05, abs=0.003) for p in results["as_found"].points] == [True] * 3
    assert abs(results["as_left"].points[0].error) < 0.003
    assert results["as_left"].passed
    assert record.environment["temperature"].mean == "21.5"


def test_readings_are_the_instruments_own_digits_and_times_near_each_other() -> None:
    work = begun()
    work.points()
    readings = work.machine.progress.as_found[0].readings
    assert all(len(r.I.partition(".")[2]) == 3 and len(r.x.partition(".")[2]) == 4 for r in readings)
    assert len({r.t for r in readings}) == len(readings)
    gaps = [seconds(b.t) - seconds(a.t) for a, b in pairwise(readings)]
    assert gaps == [2.0] * 9


@pytest.mark.parametrize("seed", range(40))
def test_a_fast_bath_is_read_with_little_left(seed: int) -> None:
    work = begun(seed=seed, noise=0.004, tau_s=30.0)
    work.target = 20.0
    work.value = 50.0
    work.does("next")
    work.until("reading")
    assert abs(work.value - work.target) < 0.0025


@pytest.mark.parametrize("seed", range(40))
def test_what_a_slow_bath_hides_is_covered_by_what_the_record_keeps(seed: int) -> None:
    work = begun(text=small("tau_s = 30", "tau_s = 120"), seed=seed, noise=0.004, tau_s=120.0)
    work.value = 50.0
    work.does("next")
    work.until("reading")
    left = abs(work.value - work.target)
    work.until("review")
    settled = work.machine._settled
    assert settled is not None
    assert left <= (abs(float(settled.slope)) + 2 * float(settled.u_slope)) * 120


@pytest.mark.parametrize("seed", range(40))
def test_a_noisy_bath_is_a_time_out_and_nothing_is_recorded(seed: int) -> None:
    work = begun(seed=seed, noise=0.020)
    work.does("next")
    work.until("timeout")
    assert work.now - 1800 >= 1_795_219_200
    assert not work.machine.progress.readings
    assert not work.machine.progress.as_found
    assert not work.order("accept").done
    assert any("did not settle" in e.text for e in work.events)


def test_stored_samples_time_out_by_their_own_times() -> None:
    work = begun(noise=0.020, ticking=False)
    work.does("next")
    work.until("timeout")
    assert not work.machine.progress.as_found


def test_another_points_plateau_is_not_this_ones() -> None:
    """The bath is quiet at 20 while the point is 40."""
    work = begun()
    work.point()
    assert work.machine.visit is not None
    assert work.machine.visit.nominal == "40"
    work.does("next")
    for _ in range(600):
        work.second()
    assert work.stage == "settling"
    assert "on its way" in view(work.machine, work.now).text
    work.target = 40.0
    work.until("reading")


def test_a_point_that_is_never_reached_is_a_time_out() -> None:
    work = begun()
    work.target = 35.0
    work.does("next")
    work.until("timeout")
    assert "not reached" in view(work.machine, work.now).text


def test_a_plateau_that_is_left_while_it_is_read_begins_again() -> None:
    work = begun()
    work.does("next")
    work.until("reading")
    work.second()
    work.target = 21.0
    work.until("settling")
    assert work.machine.progress.readings == []
    assert any("discarded" in e.text for e in work.events)


def test_what_comes_again_or_late_is_not_taken() -> None:
    work = begun()
    work.does("next")
    work.until("reading")
    work.second()
    work.second()
    before = work.machine.progress.readings
    for t in (work.now, work.now - 5, work.now - 100):
        work.machine.item(t, "99.000", work.now)
        work.machine.reference(t, "99.0000", work.now)
    assert work.machine.progress.readings == before


def test_samples_that_are_not_of_one_moment_are_no_pair() -> None:
    work = begun(lag=0.6)
    work.does("next")
    work.until("reading")
    for _ in range(100):
        work.second()
    # 0.6 s late is 0.4 s early for the next: near enough. Every 3 s only, none is near.
    assert work.stage == "review"
    far = begun(text=small("pair_dt_s = 0.5", "pair_dt_s = 0.3"), lag=0.5)
    far.does("next")
    far.until("reading")
    for _ in range(100):
        far.second()
    assert far.machine.progress.readings == []


def test_correlated_samples_are_told() -> None:
    work = begun()
    work.does("next")
    work.until("reading")
    slow = 0.0
    while work.stage == "reading":
        slow += 0.002
        work.offset = 0.05 + slow
        work.second()
    row = work.machine.progress.results[-1]
    assert row.r1 is not None
    assert row.r1 > 0.63
    assert any("correlated" in w for w in row.warnings)
    assert any("correlated" in w for w in view(work.machine, work.now).warnings)


def test_too_much_scatter_is_told() -> None:
    work = begun(text=small("max_s = 0.05", "max_s = 0.0001"))
    work.does("next")
    work.until("reading")
    for k in range(40):
        work.offset = 0.05 + 0.001 * (k % 2 * 2 - 1) * (1 + k % 3)
        work.second()
    assert any("scatter" in w for w in work.machine.progress.results[-1].warnings)


def test_the_room_beside_its_limits_is_a_warning_or_stops_the_work() -> None:
    work = begun(air=30.0)
    work.does("next")
    work.until("review")
    assert "temperature of the room is 30" in view(work.machine, work.now).warnings[0]

    stopping = begun(text=small("temperature = [18, 28]", 'temperature = [18, 28]\naction = "stop"'))
    stopping.does("next")
    stopping.until("reading")
    stopping.second()
    stopping.air = 29.0
    stopping.until("stopped")
    for _ in range(50):
        stopping.second()
    assert stopping.machine.progress.readings == []
    stopping.air = 22.0
    stopping.until("review")
    assert stopping.machine.progress.room["temperature"].max == 22.0
    assert any("stood still" in d for d in stopping.machine.progress.deviations)


def test_after_a_restart_accepted_points_are_there_and_the_one_under_way_begins_again() -> None:
    work = begun()
    work.point()
    work.target = 40.0
    work.does("next")
    work.until("reading")
    work.second()
    before = work.machine.progress.as_found
    work.restart()
    assert work.stage == "settling"
    assert work.machine.progress.as_found == before
    assert work.machine.progress.readings == []
    work.until("review")
    work.restart()
    assert work.stage == "review"
    work.does("accept")
    work.points()
    assert work.stage == "adjust"
    work.restart()
    assert work.machine.correction_found is not None


def test_without_the_new_curve_check_points_belong_to_as_found() -> None:
    work = begun()
    work.points()
    work.does("answer", key="adjust", value="no")
    work.does("next")
    work.points()
    work.fill()
    work.does("next")
    record = work.machine.draft("K-1")
    assert record.as_left is None
    assert record.as_found is not None
    assert [p.check for p in record.as_found.points] == [False, False, False, True]


def test_an_adjusted_instrument_is_read_again_everywhere() -> None:
    work = begun(text=small('kind = "curve"', 'kind = "instrument"'))
    work.points()
    assert len(work.machine.progress.as_found) == 4
    work.offset = 0.0
    work.fill({"adjust": "yes", "adjustment": "offset in the transmitter"})
    work.does("next")
    work.points()
    work.fill()
    work.does("next")
    record = work.machine.draft("K-1")
    assert record.as_left is not None
    assert len(record.as_left.points) == 4
    assert not record.as_left.fitted
    assert record.adjustment == "offset in the transmitter"


def test_typed_references_beside_a_live_item() -> None:
    """Three readings, each only while the item has settled, each with a sample of its own."""
    work = begun(reference=Source(), noise=0.0005)
    work.does("next")
    refused = work.order("reading", x="20.000")
    assert not refused.done
    work.until("reading")
    work.does("reading", x="20,001")
    assert "no new sample" in work.order("reading", x="20.001").text
    work.second()
    work.does("reading", x="20.001")
    work.second()
    work.target = 25.0
    for _ in range(30):
        work.second()
    assert "not settled" in work.order("reading", x="20.001").text
    work.target = 20.0
    for _ in range(600):
        work.second()
    work.does("reading", x="20.001")
    assert work.stage == "review"
    assert [r.x for r in work.machine.progress.readings] == ["20.001"] * 3


def test_a_sample_that_is_old_is_not_read() -> None:
    work = begun(reference=Source(), noise=0.0005)
    work.does("next")
    work.until("reading")
    work.now += 60
    assert "no good sample for 2 s" in work.order("reading", x="20.001").text


def test_everything_typed() -> None:
    work = begun(source=Source(), reference=Source(), room="")
    assert work.stage == "set"
    for nominal in ("20", "40", "60"):
        work.does("next")
        assert work.stage == "reading"
        for digit in range(3):
            work.does("reading", x=f"{nominal}.00", I=f"{nominal}.05{digit}")
        work.does("accept")
    assert work.stage == "adjust"
    assert work.machine.progress.room["temperature"].n == 1


def test_a_typed_reference_far_from_the_point_must_be_said_twice() -> None:
    work = begun(source=Source(), reference=Source())
    work.does("next")
    assert "far from 20" in work.order("reading", x="2.00", I="20.1").text
    work.does("reading", x="2.00", I="20.1", sure=True)
