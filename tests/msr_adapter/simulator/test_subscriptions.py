"""The rules of streaming (protocol section 5), on a clock that the test moves."""

import itertools

import pytest

from msr_adapter.simulator.subscriptions import Killed
from msr_adapter.wire import Data, Warn, requests
from tests.msr_adapter.simulator.rig import MS, Rig

C0, C2 = b"/Counter/C0000", b"/Counter/C0002"
OFFSET = 2 << 40  # where C0002 begins


def subscribed(rig: Rig, *paths: bytes, reduction: int = 1, blocksize: int = 1, group: int = 0) -> list[int]:
    indices = [rig.a.index(path) for path in paths]
    rig.a.acked(requests.subscribe("1", indices, reduction=reduction, blocksize=blocksize, group=group))
    return indices


@pytest.mark.parametrize(("reduction", "blocksize"), [(1, 1), (1, 40), (1, 7), (10, 3), (3, 100)])
def test_no_cycle_is_lost_or_doubled(reduction: int, blocksize: int) -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0, reduction=reduction, blocksize=blocksize)

    rig.wait(3000)

    frames = rig.a.frames()
    numbers = [v for f in frames for v in rig.a.values(f, index)]
    stamps = [t for f in frames for t in f.t_ns]
    assert {len(f.t_ns) for f in frames} == {blocksize}
    assert len(numbers) >= 3000 // reduction - blocksize - 1
    assert {b - a for a, b in itertools.pairwise(numbers)} == {reduction}
    assert {b - a for a, b in itertools.pairwise(stamps)} == {reduction * MS}


def test_the_first_sample_comes_reduction_cycles_later() -> None:
    rig = Rig()
    rig.wait(40)
    (index,) = subscribed(rig, C0, reduction=100)
    last = rig.world.tasks[0].end - 1

    rig.wait(200)

    assert rig.a.values(rig.a.frames()[0], index) == [last + 100]


def test_channels_of_a_block_share_its_frames_in_any_order() -> None:
    rig = Rig()
    pair = subscribed(rig, C0, C2, b"/Types/TUCHARMatrix", blocksize=10)

    rig.wait(2000)

    frames = rig.a.frames()
    assert all(sorted(i for i, _ in f.columns) == sorted(pair) for f in frames)
    for frame in frames:
        assert [v - OFFSET for v in rig.a.values(frame, pair[1])] == rig.a.values(frame, pair[0])
        assert len(rig.a.values(frame, pair[2])) == 80


def test_tasks_never_share_a_frame_and_count_their_own_cycles() -> None:
    rig = Rig()
    fast, slow = subscribed(rig, C0, b"/Plant/Kiln/AirFlow", reduction=5, blocksize=4)

    rig.wait(1000)

    frames = rig.a.frames()
    assert {tuple(i for i, _ in f.columns) for f in frames} == {(fast,), (slow,)}
    of = {i: [f for f in frames if f.columns[0][0] == i] for i in (fast, slow)}
    assert of[slow][1].t_ns[1] - of[slow][1].t_ns[0] == 50 * MS
    assert of[fast][1].t_ns[1] - of[fast][1].t_ns[0] == 5 * MS


def test_groups_are_apart() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0, reduction=250, group=7)
    rig.a.acked(requests.subscribe("2", [index], reduction=500, group=8))

    rig.wait(1000)
    both = rig.a.frames()
    rig.a.acked(requests.unsubscribe("3", [index], group=7))
    rig.wait(1000)

    assert [f.group for f in both].count(7) in (3, 4)
    assert [f.group for f in both].count(8) in (1, 2)
    assert {f.group for f in rig.a.frames()} == {8}


def test_who_joins_in_mid_block_is_missing_from_it() -> None:
    rig = Rig()
    first, second = rig.a.index(C0), rig.a.index(C2)
    rig.a.acked(requests.subscribe("1", [first], reduction=100, blocksize=8))
    rig.wait(400)
    rig.a.acked(requests.subscribe("2", [second], reduction=100, blocksize=8))

    rig.wait(1300)

    (one, two) = rig.a.frames()
    assert [i for i, _ in one.columns] == [first]
    assert len(two.columns) == 2
    assert len(rig.a.values(two, second)) == 8


def test_subscribing_again_replaces() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0, reduction=100, blocksize=8)
    rig.a.acked(requests.subscribe("2", [index], reduction=100, blocksize=2))

    rig.wait(1000)

    assert {len(f.t_ns) for f in rig.a.frames()} == {2}


def test_quiet_until_sync_then_all_together() -> None:
    rig = Rig(signals=100)
    indices = [rig.a.index(b"/Counter/C%04d" % n) for n in range(0, 100, 2)]
    rig.b.acked(requests.subscribe("0", indices[:10], reduction=1, blocksize=10))
    for n, piece in enumerate(
        itertools.batched(indices, 20) if hasattr(itertools, "batched") else [indices[:20], indices[20:]]
    ):
        rig.a.acked(requests.subscribe(f"q{n}", piece, reduction=1, blocksize=50, quiet=True))
        rig.wait(100)
    assert rig.a.frames() == []

    rig.a.acked(requests.synchronise("s"))
    rig.wait(200)

    assert {len(f.columns) for f in rig.a.frames()} == {50}


def test_without_sync_the_known_channels_begin_a_cycle_earlier() -> None:
    """As the real server: what another session receives already is there at once, the rest misses the first block."""
    rig = Rig()
    known, new = rig.a.index(C0), rig.a.index(C2)
    rig.a.acked(requests.subscribe("1", [known], reduction=1, group=5))
    rig.a.acked(requests.subscribe("2", [known, new], reduction=1, blocksize=10))

    rig.wait(100)

    frames = [f for f in rig.a.frames() if f.group == 0]
    assert [len(f.columns) for f in frames][:3] == [1, 2, 2]


def test_the_end_of_quiet() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0)
    rig.a.acked(requests.subscribe("2", [index], reduction=1, group=2, quiet=True))
    rig.wait(100)
    silent = rig.a.frames()
    rig.a.acked(requests.subscribe("3", [index], reduction=1, group=3))
    rig.wait(100)

    assert silent == []
    assert {f.group for f in rig.a.frames()} == {0, 2, 3}


def test_unsubscribe_all() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0)
    rig.a.acked(requests.subscribe_changes("2", [index], reduction=1))

    rig.a.acked(requests.unsubscribe("3"))
    rig.wait(500)

    assert rig.a.hear() == []


def test_zero_is_corrected_with_a_warning() -> None:
    rig = Rig()
    index = rig.a.index(C0)

    warnings = rig.a.acked(b'<xsad channels="%d" reduction="0" blocksize="0" id="z"/>' % index)

    assert warnings == [
        Warn("specified reduction=0, choosing reduction=1", "xsad", id="z"),
        Warn("specified blocksize=0, choosing blocksize=1", "xsad", id="z"),
    ]


def test_without_reduction_a_frame_a_second_or_none_ever() -> None:
    rig = Rig()
    index = rig.a.index(C0)
    rig.a.say(b'<xsad channels="%d"/>' % index)
    rig.wait(3100)
    assert len(rig.a.frames()) == 3

    rig.a.say(b'<xsad channels="%d" blocksize="5000"/>' % index)
    rig.wait(7000)
    assert rig.a.frames() == []


def test_octal_and_any_separator() -> None:
    rig = Rig()
    first, second = rig.a.index(C0), rig.a.index(C2)

    rig.a.say(b'<xsad channels="%d;%d 99999" reduction="010"/>' % (first, second))
    rig.wait(100)

    frame = rig.a.frames()[0]
    assert len(frame.columns) == 2


def test_a_huge_block_kills_the_server() -> None:
    rig = Rig()

    with pytest.raises(Killed):
        rig.a.say(b'<xsad channels="0" reduction="1" blocksize="4294967295"/>')


def test_ascii_has_the_digits_asked_for() -> None:
    rig = Rig()
    index = rig.a.index(b"/Sine/S0001")
    rig.a.say(b'<xsad channels="%d" reduction="100" precision="5"/>' % index)

    rig.wait(1000)

    for frame in rig.a.frames():
        assert len(frame.columns[0][1].strip(b"-0.")) <= 5


def test_what_a_slow_reader_misses_is_a_gap_inside_a_block() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0, blocksize=100)

    rig.wait(250)
    rig.wait(500, skip=True)
    rig.wait(500)

    frames = rig.a.frames()
    numbers = [v for f in frames for v in rig.a.values(f, index)]
    stamps = [t for f in frames for t in f.t_ns]
    assert {len(f.t_ns) for f in frames} == {100}
    assert max(b - a for a, b in itertools.pairwise(numbers)) > 400
    assert [b - a for a, b in itertools.pairwise(stamps)] == [(b - a) * MS for a, b in itertools.pairwise(numbers)]


def test_a_clock_jump_shows_in_the_stamps_only() -> None:
    rig = Rig()
    (index,) = subscribed(rig, C0, blocksize=10)
    rig.wait(100)
    rig.world.offset_ns = -3_600 * 1000 * MS
    rig.wait(100)

    frames: list[Data] = rig.a.frames()
    stamps = [t for f in frames for t in f.t_ns]
    numbers = [v for f in frames for v in rig.a.values(f, index)]
    assert min(b - a for a, b in itertools.pairwise(stamps)) == (1 - 3_600_000) * MS
    assert {b - a for a, b in itertools.pairwise(numbers)} == {1}
