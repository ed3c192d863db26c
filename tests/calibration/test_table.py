from calibration.compute import compute
from calibration.table import text
from tests.calibration.example import procedure, record


def test_results_as_text() -> None:
    shown = text(compute(record(), procedure()), procedure())
    lines = shown.splitlines()
    assert lines[0] == "P-1 revision 2: Sensor; values in mm"
    assert any(line.split()[:2] == ["30", "6"] and line.endswith("pass") for line in lines)
    assert any(line.split()[0] == "15" and line.endswith("(check)") for line in lines[3:9])
    assert any(line.startswith("hysteresis") and "0.0289" in line for line in lines)
    assert max(map(len, lines)) <= 140


def test_without_tolerance_there_is_no_verdict() -> None:
    shown = text(compute(record(), procedure(tolerance=None)), procedure(tolerance=None))
    assert "pass" not in shown
