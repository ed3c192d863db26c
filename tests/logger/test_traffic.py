from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logger.traffic import Entry, flags, matches, names_any, pack, unpack, within

entry = st.builds(
    Entry,
    st.integers(0, 2**43),
    st.integers(1, 1000),
    st.integers(0, 63),
    st.none() | st.binary(max_size=50),
    st.integers(0, 2**20),
    st.integers(0, 1000),
    st.integers(0, 2**53),
    st.integers(0, 1000),
    st.binary(max_size=8),
)


@given(st.lists(entry, min_size=1, max_size=20), st.booleans())
def test_a_segment_gives_back_its_entries(entries: list[Entry], deflate: bool) -> None:
    segment = pack(entries, deflate=deflate)

    assert unpack(segment.codec, segment.body) == entries
    assert (segment.t_min, segment.t_max) == (min(e.t_ms for e in entries), max(e.t_ms for e in entries))
    assert all(names_any(segment.topics, {e.topic}) for e in entries)
    assert not names_any(segment.topics, {0, 1001})


def test_repeated_messages_cost_little() -> None:
    entries = [
        Entry(1_795_219_199_000 + k, k % 10, 1, b'{"ts":%d,"temp":21.437,"valve":true}' % k) for k in range(1000)
    ]

    assert len(pack(entries, deflate=True).body) < 12 * len(entries)


def test_within_takes_both_ends() -> None:
    entries = [Entry(t, t % 2, 0, b"") for t in range(10)]

    assert [e.t_ms for e in within(entries, 3, 6, None)] == [3, 4, 5, 6]
    assert [e.t_ms for e in within(entries, 3, 6, {1})] == [3, 5]


@pytest.mark.parametrize(
    ("topic_filter", "topic", "does"),
    [
        ("lab/+/data", "lab/oven1/data", True),
        ("lab/+/data", "lab/oven1/block", False),
        ("lab/+/data", "lab/oven1/data/x", False),
        ("lab/#", "lab", True),
        ("lab/#", "lab/a/b", True),
        ("#", "lab/a", True),
        ("#", "$SYS/uptime", False),
        ("lab/+", "lab", False),
        ("lab/#/x", "lab/a/x", False),
    ],
)
def test_filters(topic_filter: str, topic: str, does: bool) -> None:
    assert matches(topic_filter, topic) is does


def test_flags_are_apart() -> None:
    marks = list(product((False, True), repeat=4))
    every = {flags(q, r, late=x, unreadable=u, block=b) for q in (0, 1, 2) for r, x, u, b in marks}

    assert len(every) == 48
