import csv
from io import StringIO

from calibration.documents.csv import render
from tests.calibration.documents.given import adjusted, dossier


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render(dossier(adjusted())).decode())))


def test_units_stand_in_the_head() -> None:
    head = render(dossier()).decode().splitlines()[0]
    for column in ("reference [mm]", "error [mm]", "U [mm]", "tolerance [mm]"):
        assert column in head.split(",")


def test_points_are_the_printed_results() -> None:
    points = [row for row in rows() if row["kind"] == "point"]
    d = dossier(adjusted())
    printed = [(name, p.printed.y, p.printed.U) for name, run in d.results.items() for p in run.points]
    assert [(row["run"], row["error [mm]"], row["U [mm]"]) for row in points] == printed
    assert {row["verdict"] for row in points} <= {"pass", "fail"}
    assert [row["check"] for row in points if row["run"] == "as_left"] == ["yes"]


def test_readings_are_as_they_were_read() -> None:
    readings = [row for row in rows() if row["kind"] == "reading"]
    record = adjusted()
    raw = [(s.I, s.x) for run in record.runs().values() for visit in run.points for s in visit.readings]
    assert [(row["indication [mm]"], row["reference [mm]"]) for row in readings] == raw
    assert readings[0]["direction"] == "up"
    assert {row["number"] for row in readings} == {"1", "2", "3"}
