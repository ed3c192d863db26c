"""Feeds: one frame for all who asked for the same, reduced only where asked for or needed."""

import numpy as np

from bridge_ws import frames
from bridge_ws.channels import Registry
from bridge_ws.feed import MOST_SAMPLES_PER_S, Feed, Flush
from bridge_ws.interest import Selection
from bridge_ws.samples import from_block, from_data
from broker.messages import Block, Channel, Data, Meta
from broker.topics import Topics
from tests.bridge_ws.bench import points


def feed(*selections: Selection) -> Feed:
    registry = Registry()
    registry.describe("a", Meta(channels={"x": Channel(), "y": Channel(), "mode": Channel(type="str")}))
    return Feed(frozenset(selections or {Selection("lab/+/data", None, True)}), registry, Topics())


def block(f: Feed, t0_us: int, values: list[float], dt_us: int = 1000, name: str = "x") -> None:
    message = Block(boot="b", seq=0, n=len(values), t0_us=t0_us, dt_us=dt_us, cols={name: list(values)})
    f.offer(from_block(message, "a", f.registry, 0.0))


def data(f: Feed, ts: int, **values: float | str) -> bool:
    return f.offer(from_data(Data(ts=ts, values=dict(values)), "a", f.registry, 0.0))


def parts(flush: Flush) -> list[frames.Part]:
    assert flush.frame is not None
    return frames.decode(flush.frame)[1]


def test_blocks_that_follow_each_other_become_one() -> None:
    f = feed()
    block(f, 0, [1, 2])
    block(f, 2000, [3, 4])
    (part,) = parts(f.flush(50))

    assert (part.header.t0_us, part.header.dt_us, part.header.count) == (0, 1000, 4)
    assert points(part) == [(0, 1), (1000, 2), (2000, 3), (3000, 4)]


def test_a_hole_between_blocks_stays_a_hole() -> None:
    f = feed()
    block(f, 0, [1, 2])
    block(f, 5000, [3, 4])

    assert [p.header.t0_us for p in parts(f.flush(50))] == [0, 5000]


def test_single_samples_are_gathered_with_their_times() -> None:
    f = feed()
    for k in range(3):
        data(f, 10 * k, x=float(k))
    (part,) = parts(f.flush(50))

    assert part.header.times
    assert points(part) == [(0, 0), (10_000, 1), (20_000, 2)]


def test_blocks_and_single_samples_mix() -> None:
    f = feed()
    data(f, 0, x=1.0)
    block(f, 1000, [2, 3])
    data(f, 3, x=4.0)

    assert [t for p in parts(f.flush(50)) for t in points(p)] == [(0, 1), (1000, 2), (2000, 3), (3000, 4)]


def test_texts_travel_as_values_and_the_newest_wins() -> None:
    f = feed()
    data(f, 1, mode="ramp")
    data(f, 2, mode="hold")
    flush = f.flush(50)

    assert flush.frame is None
    assert list(flush.values.values()) == [(2, "hold", None)]
    assert not f.pending


def test_what_nobody_wants_is_not_gathered() -> None:
    f = feed(Selection("lab/+/data", frozenset({"y"}), True))

    assert not data(f, 1, x=1.0)
    assert data(f, 1, y=1.0)


def test_a_channel_nobody_announced_is_found() -> None:
    f = feed()
    data(f, 1, x=1.0)

    assert data(f, 1, brand_new=1.0)


def test_a_step_gives_smallest_and_largest() -> None:
    f = feed(Selection("lab/+/data", None, True, step_us=10_000))
    block(f, 0, [float(k % 7) for k in range(100)])
    (part,) = parts(f.flush(50))

    assert part.header.minmax
    assert (part.header.t0_us, part.header.dt_us, part.header.count) == (0, 10_000, 10)
    assert [c.tolist()[0] for c in part.columns] == [0.0, 6.0]


def test_a_step_finer_than_the_samples_changes_nothing() -> None:
    f = feed(Selection("lab/+/data", None, True, step_us=20_000))
    data(f, 0, x=1.0)
    data(f, 1000, x=2.0)

    assert not parts(f.flush(50))[0].header.minmax


def test_too_much_is_reduced_however_it_was_asked_for() -> None:
    f = feed()
    rng = np.random.default_rng(1)
    values = rng.normal(size=MOST_SAMPLES_PER_S).tolist()
    block(f, 0, values, dt_us=1)
    f.flushed_ms = 0
    (part,) = parts(f.flush(50))

    assert part.header.minmax
    assert 2 * part.header.count <= 5000
    assert part.columns[0].min() == min(values)
    assert part.columns[1].max() == max(values)


def test_replay_cuts_at_the_time_and_takes_only_what_was_missed() -> None:
    f = feed()
    registry = f.registry
    message = Block(boot="b", seq=0, n=3, t0_us=0, dt_us=1000, cols={"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]})
    chunk = from_block(message, "a", registry, 0.0)
    flush = f.replay([chunk], 1000, 9, {registry.of("a")["y"].n})

    assert [t for p in parts(flush) for t in points(p)] == [(1000, 5), (2000, 6)]


def test_replay_takes_all_of_a_sender_whose_clock_is_behind() -> None:
    f = feed()
    chunk = from_data(Data(ts=5, values={"x": 1.0}), "a", f.registry, 1_000_000)

    assert f.replay([chunk], 999_000_000, 9, {f.registry.of("a")["x"].n}).frame is not None
