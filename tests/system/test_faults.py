"""A few rounds of the campaign of faults (``make faults``), always the same ones; and that its judge sees a loss."""

import random
from pathlib import Path

import pytest

from benchmarks._campaign import RATES, Campaign
from benchmarks._influxdb import set_aside
from benchmarks._kinds import FAULTS, draw, possible
from benchmarks._verdict import End, Row, compare_copy, ends, judge
from benchmarks.faults import Outcome, campaign, run
from logger.influx.aside import FILE_NAME, Aside
from tests.support.influx import NO_INFLUXD, influxd_path

PLAN = [["kill broker", "single bytes"], ["kill edge", "step edge's clock"], ["restore logger", "duplicates"]]
PLAN_INFLUXDB = [["kill InfluxDB", "kill logger"], ["disk refuses", "freeze InfluxDB"]]
PACE = 0.2
"""Of the length of a fault."""
SECOND = 1_000_000


async def went(made: Campaign, plan: list[list[str]]) -> Outcome:
    there = possible(made)
    return await run(made, [[name for name in faults if name in there] for faults in plan])


def check(outcome: Outcome) -> None:
    assert outcome.problems == []
    assert [(v.name, v.missing, v.double, v.contradictions) for v in outcome.verdicts] == [
        (name, [], 0, 0) for name in RATES
    ]
    assert all(v.produced > 100 and v.stored == v.produced for v in outcome.verdicts)
    assert sum(outcome.ends.values()) == outcome.rounds


@pytest.mark.timeout(400)
async def test_nothing_is_missing_or_double_after_three_rounds(tmp_path: Path) -> None:
    async with campaign(tmp_path, random.Random(5), influx=False, disk=False, pace=PACE) as made:  # noqa: S311 - chance, not secrets
        outcome = await went(made, PLAN)

    check(outcome)
    assert outcome.republished


@pytest.mark.timeout(400)
@pytest.mark.skipif(influxd_path() is None, reason=NO_INFLUXD)
async def test_influxdb_has_every_number_once_after_it_was_killed_and_frozen(tmp_path: Path) -> None:
    async with campaign(tmp_path, random.Random(6), influx=True, disk=False, pace=PACE) as made:  # noqa: S311 - the same
        outcome = await went(made, PLAN_INFLUXDB)

    check(outcome)
    assert [(c.name, c.missing, c.double, c.set_aside) for c in outcome.copies] == [(name, [], 0, 0) for name in RATES]
    assert [c.there for c in outcome.copies] == [v.stored for v in outcome.verdicts]


def test_two_faults_at_once_do_not_need_the_same_thing() -> None:
    plan = draw(random.Random(1), 400)  # noqa: S311 - the same

    assert {name for faults in plan for name in faults} == set(FAULTS)
    assert all(not FAULTS[a].needs & FAULTS[b].needs for a, b in (faults for faults in plan if len(faults) == 2))


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

    ended = judge("i0", SENT, there, {}, [End(7 * SECOND, 8 * SECOND)])
    assert (ended.good, ended.produced) == (True, 13)
    assert judge("i0", SENT, there, {}, [End(15 * SECOND, 15 * SECOND)]).missing == [8, 9, 10, 11]


def test_what_was_sent_while_an_edge_that_read_late_still_read_is_missing() -> None:
    there = rows("a", 0, 8) + rows("b", 14, 20)

    assert judge("i0", SENT, there, {}, [End(7 * SECOND, 12 * SECOND)]).good
    assert not judge("i0", SENT, there, {}, [End(11 * SECOND, 12 * SECOND)]).good


def test_an_edge_has_few_polled_answers_in_hand() -> None:
    there = rows("a", 0, 8) + rows("b", 12, 20)

    assert not judge("i2", SENT, there, {}, [End(7 * SECOND, 8 * SECOND)], 3).good
    assert judge("i2", SENT, there, {}, [End(7 * SECOND, 8 * SECOND)], 4).good


def test_an_edge_read_until_the_last_polled_number_that_is_stored() -> None:
    assert ends(SENT, rows("a", 0, 8), [10 * SECOND]) == [End(7 * SECOND, 10 * SECOND)]


def test_a_number_stored_twice_is_double() -> None:
    verdict = judge("i0", SENT, [*rows("a", 0, 20), Row("b", 0, 7)], {}, [])

    assert (verdict.double, verdict.good) == (1, False)


def test_a_loss_reported_of_something_stored_is_a_contradiction() -> None:
    assert judge("i0", SENT, rows("a", 0, 20), {"a": [(3, 5, "overflow")]}, []).contradictions == 2


def test_numbers_that_slip_against_their_sequence_are_seen() -> None:
    assert not judge("i0", SENT, [*rows("a", 0, 10), *rows("a", 10, 20, shift=11)], {}, []).good


# --- InfluxDB beside the store ----------------------------------------------------------------------------------------


def test_a_copy_with_every_number_once_is_good() -> None:
    copy = compare_copy("i0", rows("a", 0, 20), dict.fromkeys(range(20), 1), set())

    assert (copy.good, copy.there, copy.beyond) == (True, 20, 0)


def test_a_number_that_is_not_in_the_copy_is_missing_unless_it_was_set_aside() -> None:
    there = dict.fromkeys(range(18), 1)

    assert compare_copy("i0", rows("a", 0, 20), there, set()).missing == [18, 19]
    told = compare_copy("i0", rows("a", 0, 20), there, {18, 19})
    assert (told.good, told.set_aside) == (True, 2)


def test_a_number_at_two_points_is_double() -> None:
    copy = compare_copy("i0", rows("a", 0, 20), dict.fromkeys(range(20), 1) | {7: 2}, set())

    assert (copy.good, copy.double) == (False, 1)


def test_what_the_store_has_no_more_is_counted() -> None:
    assert compare_copy("i0", rows("a", 0, 18), dict.fromkeys(range(20), 1), set()).beyond == 2


def test_refused_numbers_are_read_from_the_projections_own_file(tmp_path: Path) -> None:
    lines = [b"data,instrument=i0 n=7i 1007", b"data,instrument=i0,fold=1 n=8i 1008", b"data,instrument=i1 n=9i 1009"]
    Aside(tmp_path / FILE_NAME).put(lines, "field type conflict", 0.0)

    assert set_aside(tmp_path, "i0") == {7, 8}
