from tests.calibration.commands.bench import READINGS, Lab


def test_which_item_sat_where(lab: Lab) -> None:
    lab.furnished()
    assert lab("history", "--channel", "oven1/temp", "--at", "2026-05-01") == 0
    assert lab.said == "pt3\n"
    lab("history", "--channel", "oven1/temp", "--at", "2025-05-01")
    assert "nothing sat" in lab.said
    lab("history", "--channel", "oven1/temp")
    assert "pt3   2026-01-01T00:00:00Z  now" in lab.said
    lab("history", "pt3", "--at", "2026-05-01")
    assert lab.said == "oven1/temp\n"
    lab("history", "pt3", "--at", "2025-05-01")
    assert "sat nowhere" in lab.said
    assert lab("history") == 2
    assert lab("history", "nobody") == 2


def test_calibrations_drift_and_interval(lab: Lab) -> None:
    lab.furnished()
    lab("item", "change", "pt3", "--months", "12", by="anna")
    first = lab.released("2025-06-01")
    lab.file("r.csv", READINGS.replace(",20.2", ",20.5"))
    second = lab.released("2026-06-01")
    waits = lab.entered()
    assert lab("history", "pt3") == 0
    rows = [line.split() for line in lab.said.splitlines()]
    assert ["2025-06-01", first, "Calibration", "laboratory", "pass", "-"] in rows
    drift = next(row for row in rows if row[:3] == [first, second, "20"])
    assert drift[3:6] == ["0.205", "0.505", "+0.3"]
    assert drift[7:] == ["they", "do", "not", "agree"]
    assert next(row for row in rows if row[:3] == [first, second, "10"])[3:7] == ["0.205", "0.205", "+0", "0.00"]
    assert "      20  2026-06-01  [                        |                       x]" in lab.said
    assert waits not in lab.said
    assert "12 months now; method A3 suggests" in lab.said
