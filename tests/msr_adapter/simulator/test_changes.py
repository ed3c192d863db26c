"""Subscriptions to changes (protocol section 5.2)."""

import itertools

from msr_adapter.wire import requests
from tests.msr_adapter.simulator.rig import MS, Rig


def test_a_value_that_is_not_zero_comes_at_once_and_zero_does_not() -> None:
    rig = Rig()
    zero, infinite = rig.a.index(b"/Special/Zero"), rig.a.index(b"/Special/NonFinite")
    rig.a.acked(requests.subscribe_changes("1", [zero, infinite], reduction=1))

    rig.wait(40)

    (frame,) = rig.a.frames()
    assert frame.on_change
    assert [i for i, _ in frame.columns] == [infinite]


def test_every_change_and_nan_only_once() -> None:
    """nan, inf, -inf, 1e-320 and -0 for half a second each: five changes in 2.5 s."""
    rig = Rig()
    index = rig.a.index(b"/Special/NonFinite")
    rig.a.acked(requests.subscribe_changes("1", [index], reduction=1))

    rig.wait(2540)

    frames = rig.a.frames()
    assert len(frames) == 6
    assert [b.t_ns[0] - a.t_ns[0] for a, b in itertools.pairwise(frames[1:])] == [500 * MS] * 4


def test_a_distance_in_cycles_is_kept() -> None:
    rig = Rig()
    index = rig.a.index(b"/Counter/C0000")
    rig.a.acked(requests.subscribe_changes("1", [index], reduction=300))

    rig.wait(1500)

    stamps = [f.t_ns[0] for f in rig.a.frames()]
    assert {b - a for a, b in itertools.pairwise(stamps)} == {300 * MS}


def test_without_a_distance_ten_a_second() -> None:
    rig = Rig()
    index = rig.a.index(b"/Counter/C0000")
    rig.a.say(b'<xsad channels="%d" event="1"/>' % index)

    rig.wait(1000)

    assert len(rig.a.frames()) == 10


def test_changes_in_one_cycle_share_a_frame() -> None:
    rig = Rig()
    pair = [rig.a.index(b"/State/Toggle"), rig.a.index(b"/Types/Bool")]
    rig.a.acked(requests.subscribe_changes("1", pair, reduction=1))

    rig.wait(3000)

    assert all(len(f.columns) == 2 for f in rig.a.frames())


def test_what_happens_while_skipped_is_seen_afterwards() -> None:
    rig = Rig()
    index = rig.a.index(b"/State/Toggle")
    rig.wait(100)
    rig.a.acked(requests.subscribe_changes("1", [index], reduction=1))

    rig.wait(450, skip=True)
    rig.wait(40)

    assert len(rig.a.frames()) == 1
