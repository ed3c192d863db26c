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
    first = lab.released()
    lab.file("r.csv", READINGS.replace(",10.20,", ",10.40,"))
    second = lab.entered()
    lab("amend", first, "--reason", "begin", "--set", "begin=2026-01-01", "--set", "end=2026-01-01", by="anna")
    assert lab("history", "pt3") == 0
    assert first in lab.said
    assert second not in lab.said
    assert "12 months now; method A3 suggests" in lab.said
