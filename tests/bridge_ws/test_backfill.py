"""Hints about late rows: one per instrument and second, covering all of them."""

from bridge_ws.backfill import Backfill, Hint


def test_many_blocks_make_one_hint() -> None:
    backfill = Backfill(wait_ms=1000)
    backfill.late("a", 500, 600, now_ms=10)
    backfill.late("a", 100.5, 300.5, now_ms=900)
    backfill.late("b", 5, 6, now_ms=900)

    assert not list(backfill.due(1009))
    assert list(backfill.due(1010)) == [Hint("a", 100, 601)]
    assert list(backfill.due(1900)) == [Hint("b", 5, 7)]
    assert not list(backfill.due(99_999))


def test_more_late_blocks_make_another_hint() -> None:
    backfill = Backfill(wait_ms=1000)
    backfill.late("a", 1, 2, now_ms=0)
    first = list(backfill.due(1000))
    backfill.late("a", 3, 4, now_ms=1001)

    assert first == [Hint("a", 1, 3)]
    assert list(backfill.due(2001)) == [Hint("a", 3, 5)]
