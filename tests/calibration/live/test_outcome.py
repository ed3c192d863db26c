"""From a run to its record."""

import msgspec
import pytest

from calibration.live import outcome
from calibration.live.progress import Progress, Tally
from calibration.record import Applied, Person, Point, Sample
from tests.calibration.live.bench import SMALL, bench

PROGRESS = Progress(
    as_found=[Point(nominal="20", readings=[Sample(I="20.0500", x="20.0000")])],
    room={"temperature": Tally(21.0, 20.0, 22.0, 63.0, 3)},
    end="2026-11-21T09:00:00Z",
)


def test_readings_room_procedure_and_what_was_missed() -> None:
    machine = bench().machine
    made = outcome.record(machine.procedure, machine.setup, PROGRESS, "K-1")
    assert made.as_found is not None
    assert made.as_found.points[0].readings[0].I == "20.0500"
    span = made.environment["temperature"]
    assert (span.min, span.mean, span.max, span.unit) == ("20", "21", "22", "°C")
    assert (made.procedure.id, len(made.procedure.sha256), made.end) == ("T-1", 64, "2026-11-21T09:00:00Z")
    assert made.deviations == ["as found: 2 of 3 visits were not made"]
    assert SMALL.startswith("\nschema")


def test_the_correction_in_force_stands_beside_the_raw_readings() -> None:
    applied = Applied(certificate="K-0", coef=["0.05"])
    machine = bench(applied=applied).machine
    made = outcome.record(machine.procedure, machine.setup, PROGRESS, "K-1")
    assert made.as_found is not None
    assert made.as_found.applied == applied


def test_a_serial_that_was_asked_for() -> None:
    machine = bench().machine
    asked = msgspec.structs.replace(PROGRESS, answers={"serial": "99"})
    assert outcome.record(machine.procedure, machine.setup, asked, "K-1").item.serial == "99"


def test_without_readings_there_is_a_draft_and_no_run() -> None:
    machine = bench().machine
    assert outcome.record(machine.procedure, machine.setup, Progress(), "K-1").runs() == {}


@pytest.mark.parametrize(
    ("people", "name", "reason"),
    [
        ([], "", ""),
        ([Person(name="anna")], "anna", ""),
        ([Person(name="ben"), Person(name="anna", authenticated=True)], "anna", "together with ben"),
    ],
)
def test_who_performed_it(people: list[Person], name: str, reason: str) -> None:
    machine = bench().machine
    progress = msgspec.structs.replace(PROGRESS, people=people)
    last = outcome.performed(outcome.record(machine.procedure, machine.setup, progress, "K-1"), progress).history[-1]
    assert (last.state, last.by.name, last.reason) == ("performed", name, reason)
    assert last.by.at == PROGRESS.end
    assert last.by.authenticated == (name == "anna" and len(people) == 2)
