"""A few rounds of the campaign of faults (``make faults``), always the same ones; and that its judge sees a loss."""

import random
from pathlib import Path

import pytest

from benchmarks._campaign import FAULTS, RATES, draw
from benchmarks._verdict import Row, judge
from benchmarks.faults import campaign, run

PLAN = [["kill broker", "duplicates"], ["kill edge", "cut logger's link"], ["restore logger"]]
SECOND = 1_000_000


@pytest.mark.timeout(400)
async def test_nothing_is_missing_or_double_after_three_rounds(tmp_path: Path) -> None:
    async with campaign(tmp_path, random.Random(5)) as made:  # noqa: S311 - chance, not secrets
        outcome = await run(made, PLAN)

    assert outcome.problems == []
    assert [(v.name, v.missing, v.double, v.contradictions) for v in outcome.verdicts] == [
        (name, [], 0, 0) for name in RATES
    ]
    assert all(v.produced > 200 and v.stored == v.produced for v in outcome.verdicts)
    assert outcome.republished
    assert sum(outcome.ends.values()) == len(PLAN)


def test_two_faults_at_once_do_not_need_the_same_thing() -> None:
    plan = draw(random.Random(1), 300)  # noqa: S311 - the same

    assert {name for faults in plan for name in faults} == set(FAULTS)
    assert all(not FAULTS[a][0] & FAULTS[b][0] for a, b in (faults for faults in plan if len(faults) == 2))


# --- the judge --------------------------------------------------------------------------------------------------------

SENT = [(n, n * SECOND) for n in range(20)]


def rows(boot: str, first: int, end: int, shift: int = 0) -> list[Row]:
    return [Row(boot, n - first + shift, n) for n in range(first, end)]


def test_everything_stored() -> None:
    verdict = judge("i0", SENT, rows("a", 0, 20), {}, [])

    assert (verdict.good, verdict.produced, verdict.stored) == (True, 20, 20)


def test_a_hole_is_missing_unless_it_is_reported() -> None:
    there = [row for row in rows("a", 0, 20) if row.n not in (7, 8)]

    assert judge("i0", SENT, there, {}, []).missing == [7, 8]
    reported = judge("i0", SENT, there, {"a": [(7, 9, "overflow")]}, [])
    assert (reported.good, reported.reported) == (True, {"overflow": 2})


def test_the_last_ones_are_missing_too() -> None:
    assert judge("i0", SENT, rows("a", 0, 18), {}, []).missing == [18, 19]


def test_what_nobody_read_is_not_produced_but_only_where_an_edge_ended() -> None:
    there = rows("a", 3, 8) + rows("b", 12, 20)

    ended = judge("i0", SENT, there, {}, [8 * SECOND])
    assert (ended.good, ended.produced) == (True, 13)
    assert judge("i0", SENT, there, {}, [15 * SECOND]).missing == [8, 9, 10, 11]


def test_a_number_stored_twice_is_double() -> None:
    verdict = judge("i0", SENT, [*rows("a", 0, 20), Row("b", 0, 7)], {}, [])

    assert (verdict.double, verdict.good) == (1, False)


def test_a_loss_reported_of_something_stored_is_a_contradiction() -> None:
    assert judge("i0", SENT, rows("a", 0, 20), {"a": [(3, 5, "overflow")]}, []).contradictions == 2


def test_numbers_that_slip_against_their_sequence_are_seen() -> None:
    assert not judge("i0", SENT, [*rows("a", 0, 10), *rows("a", 10, 20, shift=11)], {}, []).good
