from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from calibration.register import Register
from calibration.register.history import calibrations, drifts, released, suggestion
from calibration.register.life import amend, withdraw
from calibration.register.release import release
from tests.calibration.example import NOMINALS, PROCEDURE, point
from tests.calibration.register.bench import ANNA, Clock, register, reviewed
from tests.calibration.register.test_release import plain

YEARLY = PROCEDURE + "[interval]\nmonths = 12\n"


def calibrated(made: Register, day: str, error: int, **changes: Any) -> str:
    """Errors of ``error``/10 mm + 0.01·x up, as much down; the tolerance is 0.5 mm + 1 %."""
    points = [point(n, way, error) for way in ("up", "down") for n in NOMINALS]
    run = {"begin": f"{day}T09:00:00Z", "end": f"{day}T11:00:00Z", "as_found": {"points": points}, **changes}
    sha = made.keep_procedure(YEARLY)
    ref = {"id": "P-1", "rev": 2, "sha256": sha}
    return release(made, reviewed(made, procedure=ref, **run).id, ANNA, plain).id


def old(tmp_path: Path) -> Register:
    """A register whose gauge may be used in all of 2026."""
    return register(tmp_path, Clock(datetime(2026, 12, 31, tzinfo=UTC)))


def test_calibrations_are_those_in_force_by_their_day(tmp_path: Path) -> None:
    made = old(tmp_path)
    second = calibrated(made, "2026-06-01", 3)
    first = calibrated(made, "2026-02-01", 2)
    gone = calibrated(made, "2026-07-01", 3)
    withdraw(made, gone, ANNA, "wrong item")
    reviewed(made)
    amend(made, second, ANNA, "serial")
    found = calibrations(made, "sensor1")
    assert [(c.record.id, c.record.rev, c.day) for c in found] == [(first, 1, "2026-02-01"), (second, 1, "2026-06-01")]
    assert calibrations(made, "other") == []
    assert released(made, made.record(gone)) is None


def test_drift_is_from_as_left_to_as_found(tmp_path: Path) -> None:
    made = old(tmp_path)
    left = {"points": [point(n, way, 0) for way in ("up", "down") for n in NOMINALS]}
    calibrated(made, "2026-02-01", 2, as_left=left)
    calibrated(made, "2026-08-01", 1)
    lines = drifts(calibrations(made, "sensor1"))
    assert [d.nominal for d in lines] == [0, 10, 15, 20, 30]
    at20 = lines[3]
    assert at20.left == pytest.approx(0.2)
    assert at20.found == pytest.approx(0.3)
    assert at20.per_year == pytest.approx(0.1 / 181 * 365.25)
    assert at20.en > 1
    assert not at20.agree
    calibrated(made, "2026-08-02", 1)
    assert all(d.agree and d.en == 0 for d in drifts(calibrations(made, "sensor1"))[-5:])


def test_calibrations_of_one_day_have_no_drift(tmp_path: Path) -> None:
    made = old(tmp_path)
    calibrated(made, "2026-02-01", 2)
    calibrated(made, "2026-02-01", 2)
    assert drifts(calibrations(made, "sensor1")) == []


def test_the_interval_follows_what_was_found(tmp_path: Path) -> None:
    made = old(tmp_path)
    assert suggestion(calibrations(made, "sensor1"), None) is None
    for month, error in ((2, 2), (3, 9), (4, 9), (5, 9)):
        calibrated(made, f"2026-0{month}-01", error)
    found = calibrations(made, "sensor1")
    assert [c.good_as_found for c in found] == [True, False, False, False]
    yearly = suggestion(found, None)
    assert yearly is not None
    assert (yearly.observed, yearly.suggested) == (0.25, 6.0)
    agreed = suggestion(found, 24)
    assert agreed is not None
    assert agreed.suggested == 12.0
