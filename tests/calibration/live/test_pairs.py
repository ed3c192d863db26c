"""Samples brought together by their own times."""

from hypothesis import given
from hypothesis import strategies as st

from calibration.live.pairs import Pairing, Stream, Taken


def test_the_nearest_within_reach_and_each_once() -> None:
    pairing = Pairing(0.5)
    assert pairing.item(Taken(10.0, "a")) == []
    assert pairing.reference(Taken(9.8, "p")) == []
    assert pairing.reference(Taken(10.1, "q")) == [(Taken(10.0, "a"), Taken(10.1, "q"))]
    assert pairing.item(Taken(10.2, "b")) == []
    assert pairing.reference(Taken(11.0, "r")) == []


def test_an_item_without_a_neighbour_is_let_go() -> None:
    pairing = Pairing(0.1)
    pairing.item(Taken(1.0, "a"))
    assert pairing.reference(Taken(5.0, "p")) == []
    assert pairing.item(Taken(5.05, "b")) == []
    assert pairing.reference(Taken(5.5, "q")) == [(Taken(5.05, "b"), Taken(5.0, "p"))]


times = st.lists(st.floats(0, 100), unique=True, max_size=40).map(sorted)


@given(times, times)
def test_no_pair_is_farther_apart_and_none_is_used_twice(items: list[float], references: list[float]) -> None:
    pairing, found = Pairing(0.5), []
    arriving = sorted([(t, True) for t in items] + [(t, False) for t in references])
    for t, is_item in arriving:
        found += pairing.item(Taken(t, "i")) if is_item else pairing.reference(Taken(t, "r"))
    assert all(abs(a.t - b.t) <= 0.5 for a, b in found)
    assert len({a.t for a, _ in found}) == len({b.t for _, b in found}) == len(found)


def test_a_stream_takes_only_what_is_newer() -> None:
    stream = Stream()
    assert [stream.take(t, "x") is not None for t in (1.0, 2.0, 2.0, 1.5, 3.0)] == [True, True, False, False, True]
    assert stream.refused == 2
