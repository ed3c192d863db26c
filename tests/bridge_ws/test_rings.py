"""The last minute: bounded in time and bytes, and honest about where it begins."""

import numpy as np

from bridge_ws.rings import Rings
from bridge_ws.samples import Chunk, Column


def chunk(at_ms: float, instrument: str = "a", rows: int = 1, ts_ms: float | None = None) -> Chunk:
    ts = at_ms if ts_ms is None else ts_ms
    return Chunk(instrument, at_ms, int(ts * 1000), 1, ts, {1: Column(np.zeros(rows))}, {})


def test_chunks_come_back_from_a_time_on() -> None:
    rings = Rings(seconds=60)
    for at in (1000, 2000, 3000):
        rings.add(chunk(at))

    assert [c.arrived_ms for c in rings.since("a", 2000)] == [2000, 3000]
    assert not list(rings.since("b", 0))


def test_a_sender_whose_clock_is_behind_is_found_by_our_clock() -> None:
    rings = Rings(seconds=60)
    rings.add(chunk(10_000, ts_ms=500))

    assert len(list(rings.since("a", 9_000))) == 1


def test_what_is_old_goes() -> None:
    rings = Rings(seconds=60)
    rings.add(chunk(0))
    rings.add(chunk(61_000))

    assert [c.arrived_ms for c in rings.since("a", 0)] == [61_000]
    assert rings.covers_from("a", 0) == 0.0
    rings.trim(200_000)
    assert rings.bytes == 0
    assert rings.covers_from("a", 5) == 61_000


def test_all_rings_together_are_bounded_in_bytes() -> None:
    rings = Rings(seconds=60, most_bytes=100_000)
    for k in range(100):
        rings.add(chunk(k, f"i{k % 3}", rows=1000))

    assert rings.bytes <= 100_000
    kept = [c.arrived_ms for name in ("i0", "i1", "i2") for c in rings.since(name, 0)]
    assert max(kept) == 99
    assert min(kept) > 80


def test_it_covers_no_more_than_the_bridge_has_listened() -> None:
    rings = Rings(seconds=60)
    rings.add(chunk(5000))

    assert rings.covers_from("a", 4000) == 4000


def test_a_forgotten_instrument_gives_its_bytes_back_with_time() -> None:
    rings = Rings(seconds=60)
    rings.add(chunk(0))
    rings.forget("a")
    rings.add(chunk(1, "a"))

    assert len(list(rings.since("a", 0))) == 1
    rings.trim(100_000)
    assert rings.bytes == 0
    assert not list(rings.since("a", 0))
