"""Gaps in the server's stamps."""

import pytest

from msr_adapter.gaps import Gaps, far

MS = 1_000_000


def test_a_steady_stream_with_jitter_has_none() -> None:
    gaps = Gaps(0.001)
    stamps = [k * MS + (k % 7) * 90_000 for k in range(400)]

    assert [gaps.look(stamps[k : k + 40]) for k in range(0, 400, 40)] == [0] * 10


@pytest.mark.parametrize("cut", [1, 17, 40])
def test_what_is_left_out_is_counted_wherever_it_lies(cut: int) -> None:
    stamps = [k * MS for k in range(40)] + [k * MS for k in range(540, 620)]
    gaps = Gaps(0.001)
    pieces = [stamps[k : k + cut] for k in range(0, len(stamps), cut)]

    assert sum(gaps.look(piece) for piece in pieces) == 500
    assert gaps.missing == 500


def test_a_clock_that_goes_back_leaves_nothing_out() -> None:
    gaps = Gaps(0.001)
    assert gaps.look([5000 * MS, 5001 * MS]) == 0
    assert gaps.look([1 * MS, 2 * MS]) == 0
    assert gaps.look([3 * MS, 4 * MS]) == 0


def test_without_a_period_there_is_nothing_to_compare_with() -> None:
    assert Gaps(0.0).look([0, 10**12]) == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, ""),
        (-59, ""),
        (90, "about 2 minutes ahead of this"),
        (-7200, "about 2 hours behind this"),
        (864_000, "about 10 days ahead of"),
    ],
)
def test_a_clock_that_is_far_from_ours_is_said(seconds: int, words: str) -> None:
    found = far(seconds * 1_000_000)
    assert words in found
    assert bool(found) == bool(words)
