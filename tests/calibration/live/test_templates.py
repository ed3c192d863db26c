"""Every template, typed by a person: three readings instead of twenty every two seconds, down to its results."""

import pytest

from calibration import templates
from calibration.compute import compute
from calibration.live.judge import digits_of
from calibration.live.plan import Source
from calibration.record import Item, Standard
from tests.calibration.live.bench import Bench, bench


def typed(name: str) -> Bench:
    return bench(
        templates.text(name),
        item=Item(id="i", serial="1", d="0.0001"),
        standards=[Standard(id="ref1", U="0.0005")],
        source=Source(),
        reference=Source(),
        room="",
    )


def type_point(work: Bench) -> None:
    visit = work.machine.visit
    assert visit is not None
    work.does("next")
    for k in range(work.machine.wanted):
        work.does("reading", x=f"{visit.x:.4f}", I=f"{visit.x + 0.0001 * (k % 3):.4f}")
    work.does("accept")


def eccentricity(work: Bench) -> None:
    form = {"load": "100", "centre": "100.0000"}
    for q in work.machine_form():
        work.does("answer", key=q.key, value=form.get(q.key.partition("-")[2], "100.0001"))
    work.does("next")


def go_through(work: Bench) -> None:
    work.fill()
    work.does("next")
    while work.stage != "finish":
        if work.stage == "set":
            type_point(work)
        elif work.stage == "eccentricity":
            eccentricity(work)
        else:
            work.fill({"adjust": "yes"})
            work.does("next")
    work.fill()
    work.does("next")


@pytest.mark.parametrize("name", templates.names())
def test_a_typed_run_comes_to_results(name: str) -> None:
    work = typed(name)
    go_through(work)
    record, procedure = work.machine.draft("K-1"), work.machine.procedure
    results = compute(record, procedure)
    assert record.as_found is not None
    assert all(len(p.readings) == procedure.reading.typed for p in record.as_found.points)
    assert digits_of(record.as_found.points[0].readings[0].x) == 4
    assert all(run.passed for run in results.values())
    assert (record.as_left is not None) == procedure.adjust.allowed
    assert set(procedure.asks) <= set(record.answers)
    for text in (*procedure.steps.before, *procedure.steps.after):
        assert record.answers[text] == "done"
