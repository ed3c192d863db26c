from hypothesis import given
from hypothesis import strategies as st

from broker.messages import Hold
from logger.ledger import AT_SENDER, BEFORE, GONE, HAVE_LIMIT, OVERFLOW, Book, Gap, Stream
from logger.ranges import Ranges

BOOT = "mh8x2k3q-7f3a"


def book(*stored: tuple[int, int]) -> Book:
    return Book(1, "oven1", Stream.SAMPLES, BOOT, Ranges(stored))


def hold(first: int, next_: int, lost: int = 0) -> Hold:
    return Hold(BOOT, first, next_, lost)


def test_nothing_stored_is_minus_one() -> None:
    assert book().upto == -1
    assert book().mark().have == []


def test_watermark_is_the_contiguous_prefix_and_the_rest_is_have() -> None:
    mark = book((0, 10), (12, 15), (20, 21)).mark()

    assert mark.upto == 9
    assert mark.have == [(12, 14), (20, 20)]


def test_have_is_bounded() -> None:
    assert len(book(*((k, k + 1) for k in range(1, 1000, 2))).mark().have) == HAVE_LIMIT


def test_overflow_moves_the_watermark_and_closes_the_gap() -> None:
    one = book((0, 10), (30, 35))

    assert one.hear(hold(0, 35)) == []
    assert one.upto == 9
    assert one.hear(hold(25, 40, lost=15)) == [Gap(10, 25, OVERFLOW)]
    assert one.upto == 24
    assert one.gaps() == [Gap(10, 25, OVERFLOW), Gap(25, 30, AT_SENDER), Gap(35, 40, AT_SENDER)]
    assert one.holes() == [(25, 30)]


def test_what_was_freed_before_this_store_says_so() -> None:
    one = book()

    assert one.hear(hold(5000, 6000, lost=1000)) == [Gap(0, 4000, BEFORE), Gap(4000, 5000, OVERFLOW)]
    assert one.upto == 4999


def test_an_old_status_changes_nothing() -> None:
    one = book((0, 10))
    one.hear(hold(5, 40, lost=2))

    assert one.hear(hold(3, 20, lost=1)) == []
    assert (one.first, one.next, one.lost) == (5, 40, 2)


def test_a_late_block_fills_a_closed_gap() -> None:
    one = book((0, 5))
    one.hear(hold(10, 10, lost=5))
    one.stored.add(5, 9)

    assert one.gaps() == [Gap(9, 10, OVERFLOW)]
    assert not one.complete
    one.stored.add(9, 10)
    assert one.complete


def test_a_boot_its_sender_no_longer_holds() -> None:
    one = book((0, 5), (7, 9))
    one.hear(hold(0, 12))
    one.held = False

    assert one.gaps() == [Gap(5, 7, GONE), Gap(9, 12, GONE)]


ranges = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (min(p), max(p))), max_size=8)
holds = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)).map(lambda h: hold(h[0], h[0] + h[1], h[2])),
    max_size=5,
)


@given(ranges, holds, ranges)
def test_the_watermark_never_goes_back_and_gaps_are_what_is_missing(
    before: list[tuple[int, int]], heard: list[Hold], after: list[tuple[int, int]]
) -> None:
    one = book(*before)
    last = one.upto
    for each in heard:
        one.hear(each)
        assert one.upto >= max(last, each.first - 1)
        last = one.upto
    for a, b in after:
        one.stored.add(a, b)
        assert one.upto >= last
        last = one.upto

    stored = {n for a, b in one.stored for n in range(a, b)}
    named = [n for gap in one.gaps() for n in range(gap.a, gap.b)]
    assert sorted(named) == [n for n in range(one.end) if n not in stored]
    assert all(n in stored or n < one.first for n in range(one.upto + 1))
