from pathlib import Path

import pytest

from calibration.register import External
from calibration.register.impact import Affected, affected
from calibration.register.life import withdraw
from tests.calibration.register.bench import ANNA
from tests.calibration.register.test_history import calibrated, old

END = "2026-08-01T11:00:00Z"


def test_data_since_the_last_good_calibration(tmp_path: Path) -> None:
    made = old(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-01-01", ANNA)
    made.remove("sensor1", "2026-05-01", ANNA)
    made.install("sensor1", "oven2", "temp", "2026-06-01", ANNA)
    calibrated(made, "2026-02-01", 2)
    calibrated(made, "2026-03-01", 9)
    failed = made.record(calibrated(made, "2026-08-01", 9))
    assert affected(made, failed) == [
        Affected("oven1", "temp", "2026-02-01T11:00:00Z", "2026-05-01T00:00:00Z"),
        Affected("oven2", "temp", "2026-06-01T00:00:00Z", END),
    ]
    asked: list[tuple[str, str, str, str]] = []

    def count(*where: str) -> int:
        asked.append(where)  # type: ignore[arg-type]
        return 7

    assert [a.count for a in affected(made, failed, count)] == [7, 7]
    assert asked[0] == ("oven1", "temp", "2026-02-01T11:00:00Z", "2026-05-01T00:00:00Z")
    assert str(affected(made, failed, count)[1]) == f"oven2/temp from 2026-06-01T00:00:00Z to {END}, 7 values"


@pytest.mark.parametrize(("passed", "start"), [(True, "2026-04-01"), (None, "2026-04-01"), (False, "2026-02-01")])
def test_a_firms_certificate_counts_unless_it_says_no(tmp_path: Path, passed: bool | None, start: str) -> None:
    made = old(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-01-01", ANNA)
    calibrated(made, "2026-02-01", 2)
    made.add_external("sensor1", External(certificate="D", date="2026-04-01", passed=passed), ANNA)
    (part,) = affected(made, made.record(calibrated(made, "2026-08-01", 9)))
    assert part.start.startswith(start)


def test_without_any_good_one_all_of_it_is_doubtful(tmp_path: Path) -> None:
    made = old(tmp_path)
    made.install("sensor1", "oven1", "temp", "2026-01-01", ANNA)
    good = calibrated(made, "2026-02-01", 2)
    withdraw(made, good, ANNA, "standard was dropped")
    (part,) = affected(made, made.record(calibrated(made, "2026-08-01", 9)))
    assert (part.start, part.since_ever) == ("2026-01-01T00:00:00Z", True)
    assert "no earlier calibration is known" in str(part)


def test_what_sat_nowhere_measured_nothing(tmp_path: Path) -> None:
    made = old(tmp_path)
    assert affected(made, made.record(calibrated(made, "2026-08-01", 9))) == []
