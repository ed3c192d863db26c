"""Identifiers: sortable, unique, and fit for a topic."""

from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.ids import run_id, slug, ulid
from broker.topics import check_name

TIMES, RANDOM = st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1)


def test_the_known_example() -> None:
    assert ulid(1469918176385, 0).startswith("01ARYZ6S41")  # from the specification
    assert len(ulid(1, 1)) == 26


@given(TIMES, RANDOM, TIMES, RANDOM)
def test_later_ones_sort_later(a: int, ra: int, b: int, rb: int) -> None:
    assert (ulid(a, ra) < ulid(b, rb)) == ((a, ra) < (b, rb))


@given(st.text(max_size=100), TIMES, RANDOM)
def test_a_run_may_stand_in_a_topic(name: str, now: int, random: int) -> None:
    assert check_name(run_id(name, now, random), "run")


def test_a_run_is_readable() -> None:
    assert slug("Melt #7, 450 °C") == "melt-7-450-c"
    assert slug("漢字") == "run"
