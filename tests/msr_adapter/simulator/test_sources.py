import struct

from hypothesis import given
from hypothesis import strategies as st

from msr_adapter.simulator.sources import Computed, Counter, Held, History, Source, Table

SOURCES: list[tuple[Source, int]] = [
    (Counter("d", offset=5), 8),
    (Counter("q", 3, 2**53 + 1, 1 << 20), 24),
    (Table("b", range(-128, 128)), 1),
    (Table("H", range(1000), 24), 48),
    (Held(b"abcd"), 4),
    (Computed(lambda cycle: cycle / 7), 8),
]


@given(st.sampled_from(SOURCES), st.integers(0, 100_000), st.integers(1, 300), st.integers(1, 50))
def test_any_cycles_are_those_cycles(case: tuple[Source, int], first: int, count: int, step: int) -> None:
    source, size = case
    cycles = range(first, first + count * step, step)

    image = source.take(cycles)

    assert len(image) == count * size
    assert image == b"".join(source.take(range(c, c + 1)) for c in cycles)


def test_counters_count_on_through_their_elements() -> None:
    image = Counter("i", 3, 10, 2).take(range(1, 3))

    assert struct.unpack("<6i", image) == (16, 18, 20, 22, 24, 26)


def test_a_history_has_its_window() -> None:
    history = History("2d")
    history.begin(100)
    for n in range(10):
        history.put(n, -n)

    assert struct.unpack("<4d", history.take(range(103, 107, 2))) == (3, -3, 5, -5)
    assert len(history.take(range(100, 110))) == 160
