from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calibration.record import Item
from calibration.register import CheckPlan, External, Register, checks
from calibration.register.due import Due, dues, soon
from calibration.register.life import amend, withdraw
from calibration.register.release import release
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import ANNA, GAUGE, Clock, register, reviewed
from tests.calibration.register.test_release import plain

YEARLY = PROCEDURE + "[interval]\nmonths = 12\n"


def line(made: Register, id_: str = "sensor1", kind: str = "item") -> Due:
    (found,) = [d for d in dues(made) if (d.id, d.kind) == (id_, kind)]
    return found


def calibrated(made: Register, **changes: Any) -> str:
    sha = made.keep_procedure(YEARLY)
    return release(made, reviewed(made, procedure={"id": "P-1", "rev": 2, "sha256": sha}, **changes).id, ANNA, plain).id


def test_an_item_is_due_by_its_last_real_calibration(tmp_path: Path) -> None:
    made = register(tmp_path)
    assert (line(made).status, line(made).day) == ("never", None)
    id_ = calibrated(made)
    found = line(made)
    assert (found.day, found.last, found.by, found.status) == (date(2027, 11, 20), date(2026, 11, 20), id_, "ok")


def test_what_is_only_performed_changes_nothing(tmp_path: Path) -> None:
    made = register(tmp_path)
    reviewed(made)
    assert line(made).status == "never"
    id_ = calibrated(made)
    amend(made, id_, ANNA, "serial")
    assert line(made).by == id_
    withdraw(made, id_, ANNA, "wrong")
    assert line(made).status == "never"


def test_an_agreed_interval_goes_before_the_procedures(tmp_path: Path) -> None:
    made = register(tmp_path)
    calibrated(made)
    made.change_item(Item(id="sensor1"), ANNA, months=6)
    assert line(made).day == date(2027, 5, 20)
    calibrated(made, due={"date": "2027-02-01", "agreed_by": "Lab 2"})
    assert line(made).day == date(2027, 2, 1)


def test_a_firms_certificate_counts_where_it_is_newer(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_external("sensor1", External(certificate="D-1", date="2026-10-01", due="2027-10-01"), ANNA)
    assert (line(made).day, line(made).by) == (date(2027, 10, 1), "D-1")
    id_ = calibrated(made)
    assert line(made).by == id_
    made.add_external("sensor1", External(certificate="D-2", date="2026-11-21"), ANNA)
    assert (line(made).by, line(made).day, line(made).status) == ("D-2", None, "ok")


@pytest.mark.parametrize(
    ("due", "status"),
    [("2026-11-20", "overdue"), ("2026-11-21", "due"), ("2026-12-21", "due"), ("2026-12-22", "ok"), ("", "ok")],
)
def test_standards_are_due_by_their_certificate(tmp_path: Path, due: str, status: str) -> None:
    made = register(tmp_path)
    made.add_standard(msgspec.structs.replace(GAUGE, id="g2", due=due), ANNA)
    assert line(made, "g2", "standard").status == status


def test_a_check_is_due_on_its_day(tmp_path: Path) -> None:
    clock = Clock()
    made = register(tmp_path, clock)
    made.plan_check("sensor1", CheckPlan(name="zero", nominal="0", warning="1", action="2", every_days=2), ANNA)
    assert line(made, kind="check").status == "never"
    checks.add(made, "sensor1", "0.1", ANNA)
    for days, status in ((0, "ok"), (1, "ok"), (2, "due"), (3, "overdue")):
        clock.now = Clock().now + timedelta(days=days)
        assert line(made, kind="check").status == status


def test_the_most_urgent_comes_first_and_the_retired_not_at_all(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", "", ANNA)
    for id_, due in (("b", "2026-11-25"), ("a", "2026-11-25"), ("late", "2026-01-11"), ("old", "2026-01-11")):
        made.add_standard(msgspec.structs.replace(GAUGE, id=id_, due=due), ANNA)
    made.retire("old", "", ANNA)
    assert [d.id for d in dues(made)] == ["sensor1", "late", "a", "b", "gauge"]
    assert [d.id for d in soon(dues(made))] == ["sensor1", "late", "a", "b"]
    assert [d.id for d in soon(dues(made, timedelta(days=3)))] == ["sensor1", "late"]
    plain_line = line(made).plain()
    assert (plain_line["instrument"], plain_line["channel"], plain_line["day"]) == ("oven1", "temp", None)
