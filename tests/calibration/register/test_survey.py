"""What is in force where: by release, placement, withdrawal and date."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.calibration import Calibration
from calibration.record import Item, Record, Standard
from calibration.register import External, Register
from calibration.register.life import amend, withdraw
from calibration.register.release import release
from calibration.register.survey import Surveyor
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import ANNA, BERT, NOW, Clock, register, reviewed
from tests.calibration.register.test_release import plain

NOW_MS = int(NOW.timestamp() * 1000)
DAY_MS = 86_400_000
BEFORE = "2026-11-01"
PUBLISH = PROCEDURE.replace("[fit]", "[fit]\npublish = true")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def released(made: Register, procedure: str = PUBLISH, **changes: Any) -> Record:
    sha = made.keep_procedure(procedure)
    done = reviewed(made, procedure={"id": "P-1", "rev": 2, "sha256": sha}, **changes)
    return release(made, done.id, ANNA, plain)


def at(made: Register, place: str = "oven1/temp", now_ms: int = NOW_MS) -> Calibration | None:
    instrument, _, channel = place.partition("/")
    return Surveyor(made).survey(now_ms).messages.get(instrument, {}).get(channel)


def later(made: Register, days: int) -> int:
    """The register's clock goes on; the time in ms."""
    clock = made.clock
    assert isinstance(clock, Clock)
    clock.now += timedelta(days=days)
    return int(clock.now.timestamp() * 1000)


def test_a_released_calibration_stands_where_its_item_sits(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    assert at(made) is None
    done = released(made)

    found = at(made)
    assert found is not None
    assert (found.id, found.rev, found.item, found.channel, found.unit) == (done.id, 1, "sensor1", "temp", "mm")
    assert (found.status, found.correction.type, found.signal) == ("ok", "poly", "raw")
    assert (found.from_, found.due) == (NOW_MS, None)
    assert len(found.sha256) == 64
    assert at(made, "oven1/other") is None


def test_only_what_is_released_is_told(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    reviewed(made)

    assert Surveyor(made).survey(NOW_MS).messages == {}


def test_the_due_day_itself_is_in_time_and_the_next_is_overdue(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made, due={"date": "2027-11-20", "agreed_by": "anna"})

    def status(day: str) -> str:
        found = at(made, now_ms=ms(day))
        assert found is not None
        return found.status

    assert [status(d) for d in ("2027-10-20", "2027-10-22", "2027-11-20T23:59", "2027-11-21")] == [
        "ok",
        "due",
        "due",
        "overdue",
    ]


def test_the_interval_agreed_for_an_item_counts_from_the_work(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.change_item(Item(id="sensor1", d="0.01"), ANNA, months=12)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)

    found = at(made)
    assert found is not None
    assert found.due == ms("2027-11-21") - 1


def test_the_newest_work_is_in_force_whenever_it_was_released(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    newer = released(made)
    later(made, 1)
    released(made, begin="2026-11-18T09:00:00Z", end="2026-11-18T11:00:00Z")

    found = at(made, now_ms=later(made, 0))
    assert found is not None
    assert found.id == newer.id


def test_a_removed_sensor_voids_its_channel_at_once(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    done = released(made)
    made.remove("sensor1", "", ANNA)

    found = at(made)
    assert found is not None
    assert (found.id, found.status, found.reason) == (done.id, "void", "sensor1 was removed")
    assert (found.correction.type, found.U) == ("none", [])


def test_another_sensor_that_is_not_calibrated_leaves_it_void(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.add_item(Item(id="sensor2"), ANNA)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    made.remove("sensor1", "", ANNA)
    made.install("sensor2", "oven1", "temp", "", ANNA)

    found = at(made)
    assert found is not None
    assert (found.status, found.reason) == ("void", "sensor1 was removed; sensor2 sits there now and is not calibrated")


def test_a_moved_sensor_voids_the_old_channel_and_is_void_at_the_new_one(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    made.remove("sensor1", "", ANNA)
    made.install("sensor1", "bath1", "temp", "", ANNA)

    old, new = at(made), at(made, "bath1/temp")
    assert old is not None
    assert new is not None
    assert (old.status, old.reason) == ("void", "sensor1 was removed")
    assert (new.status, new.reason) == ("void", "sensor1 was calibrated at oven1/temp")


def test_a_sensor_that_was_calibrated_before_it_was_installed_is_in_force(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = released(made)
    made.install("sensor1", "oven1", "temp", "", ANNA)

    found = at(made)
    assert found is not None
    assert (found.id, found.status) == (done.id, "ok")


def test_a_sensor_that_comes_back_to_its_channel_is_in_force_again(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    made.remove("sensor1", "", ANNA)
    now_ms = later(made, 1)
    made.install("sensor1", "oven1", "temp", "", ANNA)

    found = at(made, now_ms=now_ms)
    assert found is not None
    assert found.status == "ok"


def test_a_withdrawal_is_told_and_brings_no_older_one_back(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    later(made, 1)
    by = BERT.__class__(name="bert", authenticated=True)
    second = reviewed(made, procedure={"id": "P-1", "rev": 2, "sha256": made.keep_procedure(PUBLISH)})
    release(made, second.id, by, plain)
    assert at(made, now_ms=later(made, 0)).id == second.id  # type: ignore[union-attr]
    withdraw(made, second.id, by, "wrong standard")

    found = at(made, now_ms=later(made, 0))
    assert found is not None
    assert (found.id, found.status, found.reason) == (second.id, "withdrawn", "wrong standard")


def test_an_amendment_under_way_leaves_the_released_revision_in_force(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    done = released(made)
    amend(made, done.id, ANNA, "a typing error", customer="B")

    found = at(made)
    assert found is not None
    assert (found.id, found.rev, found.status) == (done.id, 1, "ok")


def test_a_service_firms_certificate_is_in_force_without_a_correction(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    later(made, 2)
    made.add_external("sensor1", External(certificate="D-K-1", date="2026-11-22", due="2026-12-10", passed=False), ANNA)

    found = at(made, now_ms=ms("2026-11-23"))
    assert found is not None
    assert (found.id, found.certificate, found.status, found.reason) == ("D-K-1", "D-K-1", "due", "it does not conform")
    assert found.correction.type == "none"


def test_a_reference_that_is_read_live_has_its_certificate(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("gauge", "ref1", "temp", BEFORE, ANNA)

    found = at(made, "ref1/temp")
    assert found is not None
    assert (found.id, found.item, found.status, found.k) == ("L-77", "gauge", "ok", 2.0)
    assert [u.U for u in found.U] == [0.06]
    overdue = at(made, "ref1/temp", ms("2027-01-11"))
    assert overdue is not None
    assert overdue.status == "overdue"


def test_a_calibration_of_corrected_values_keeps_the_correction_and_renews_its_uncertainty(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    released(made)
    before = at(made)
    later(made, 1)
    sha = made.keep_procedure(PUBLISH.replace('unit = "mm"', 'unit = "mm"\nsignal = "corrected"'))
    second = reviewed(made, procedure={"id": "P-1", "rev": 2, "sha256": sha})
    release(made, second.id, ANNA.__class__(name="anna", authenticated=True), plain)

    found = at(made, now_ms=later(made, 0))
    assert found is not None
    assert before is not None
    assert (found.id, found.correction, found.range, found.signal) == (
        second.id,
        before.correction,
        before.range,
        "raw",
    )
    assert found.U != before.U


def test_what_cannot_be_computed_is_a_problem_and_is_not_told(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    done = released(made)
    (made.folder / "procedures" / f"{done.procedure.sha256}.toml").write_text("changed")

    survey = Surveyor(made).survey(NOW_MS)
    assert survey.messages == {}
    assert survey.problems == [
        f"{done.id} cannot be published: procedures/{done.procedure.sha256}.toml was changed: its hash differs"
    ]


@pytest.mark.parametrize("standard", [Standard(id="bare", U="0.1")])
def test_a_standard_without_number_or_date_is_named_by_itself(tmp_path: Path, standard: Standard) -> None:
    made = register(tmp_path)
    made.add_standard(standard, ANNA)
    made.install("bare", "ref2", "temp", BEFORE, ANNA)

    found = at(made, "ref2/temp")
    assert found is not None
    assert (found.id, found.from_, found.due) == ("bare", 0, None)


def test_one_surveyor_sees_every_change_and_reads_nothing_twice(tmp_path: Path) -> None:
    made = register(tmp_path)
    made.install("sensor1", "oven1", "temp", BEFORE, ANNA)
    surveyor = Surveyor(made)

    def status() -> tuple[str, int | None]:
        found = surveyor.survey(NOW_MS).messages.get("oven1", {}).get("temp")
        return (found.status, found.due) if found else ("", None)

    assert status() == ("", None)
    done = released(made)
    assert status() == ("ok", None)
    made.change_item(Item(id="sensor1", d="0.01"), ANNA, months=12)
    assert status() == ("ok", ms("2027-11-21") - 1)

    file = made.folder / "records" / done.id / "r1.json"
    text, known = file.read_bytes(), file.stat()
    file.write_bytes(b" " * len(text))
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert status() == ("ok", ms("2027-11-21") - 1)
    file.write_bytes(text)
    withdraw(made, done.id, ANNA, "wrong standard")
    assert status() == ("withdrawn", None)
