import io
import sys

import pytest

from tests.calibration.commands.bench import Lab
from tests.calibration.example import PROCEDURE

SHORT = (
    PROCEDURE.replace("[0, 10, 20, 30]", "[0, 10, 20]")
    .replace("n = 3", "n = 3\ntyped = 2")
    .replace("degree = 1", "degree = 0")
)


def enter(lab: Lab, *more: str) -> int:
    return lab("enter", str(lab.folder / "p.toml"), "--item", "pt3", "--standard", "gauge", *more, by="bert")


def test_readings_out_of_a_file(lab: Lab) -> None:
    lab.furnished()
    room = ("--room", "temperature=20,1:20.5:21", "--room", "humidity=40", "--deviation", "none")
    assert enter(lab, "--readings", str(lab.folder / "r.csv"), "--begin", "2026-06-01", *room) == 0
    assert "labwire cal review K-" in lab.said
    (made,) = lab.register().records()
    assert (made.environment["temperature"].min, made.environment["humidity"].max) == ("20.1", "40")
    assert (made.begin, made.end, made.deviations) == ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", ["none"])
    bad = lab.file("bad.csv", "nominal,I\n0,x\n")
    assert enter(lab, "--readings", bad) == 2
    assert "bad.csv: line 2" in lab.error


def test_a_result_that_does_not_conform_is_the_exit_code(lab: Lab) -> None:
    lab.furnished()
    lab.file("p.toml", PROCEDURE.replace("abs = 0.5", "abs = 0.1"))
    assert enter(lab, "--readings", str(lab.folder / "r.csv")) == 1
    assert len(lab.register().records()) == 1


def asked(points: int, typed: int) -> list[str]:
    """(reference, item) of every reading: an empty line is the nominal value."""
    places = [0, 10, 15, 20, 20, 15, 10, 0]
    return [part for x in places[:points] for _ in range(typed) for part in ("", f"{x + 0.2:.2f}")]


def test_one_by_one(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    extra = '[steps]\nbefore = ["ice point"]\nafter = ["switch off"]\n[adjust]\nallowed = true\nkind = "instrument"\n'
    lab.file("p.toml", 'asks = ["medium"]\n' + SHORT + extra + "[environment]\ntemperature = [18, 28]\n")
    readings = asked(8, 2)
    readings[1] = "warm\n\n0.20"
    lines = ["", *readings, "y", *asked(8, 2), "", "water", "20,0", "21"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    assert enter(lab) == 0, lab.error
    assert "'warm' is not a number: once more" in lab.said
    (made,) = lab.register().records()
    assert made.as_found is not None
    assert made.as_left is not None
    assert (len(made.as_found.points), len(made.as_left.points), made.answers) == (8, 8, {"medium": "water"})
    assert made.environment["temperature"].mean == "20.5"
    assert made.as_found.points[1].readings[0].x == "10"


def test_eccentricity_is_asked_for_where_the_budget_needs_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    lab.file("p.toml", SHORT + 'eccentricity = { from = "eccentricity" }\n')
    lines = [*asked(8, 2), "10", "10.00", "10.01", "9.99", "10", "10"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    assert enter(lab) == 0, lab.error
    (made,) = lab.register().records()
    assert made.as_found is not None
    assert made.as_found.eccentricity is not None
    assert made.as_found.eccentricity.others == ["10.01", "9.99", "10", "10"]


def test_what_was_typed_stays_when_somebody_leaves(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    lab.file("p.toml", SHORT)
    lines = asked(8, 2)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines[:8]) + "\n"))
    assert enter(lab) == 2
    assert lab.register().records() == []
    (kept,) = (lab.dir / "runs").iterdir()
    assert str(kept) in lab.error
    typed = kept.read_text()
    two = ["as_found,0,up,1,0,0.20"] * 2 + ["as_found,10,up,1,10,10.20"] * 2
    assert typed.splitlines() == ["run,nominal,direction,series,x,I", *two]
    rest = [f"as_found,{x},{way},1,{x},{x + 0.2}" for x, way in ((15, "up"), (20, "up"), (20, "down"), (10, "down"))]
    kept.write_text(typed + "\n".join(rest) + "\n")
    assert enter(lab, "--readings", str(kept)) == 0, lab.error


def test_what_was_kept_in_the_end_leaves_no_trace(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    lab.file("p.toml", SHORT)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(asked(8, 2)) + "\n"))
    assert enter(lab) == 0, lab.error
    assert list((lab.dir / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--room", "temperature=1:2"), "is not such as"),
        (("--room", "20"), "WHAT=TEXT"),
        (("--answer", "water"), "WHAT=TEXT"),
        (("--answer", "colour=red"), "does not ask for colour"),
        (("--begin", "soon"), "neither a day"),
        (("--begin", "2019-01-01"), "after the work"),
    ],
)
def test_what_cannot_be_is_one_sentence(lab: Lab, more: tuple[str, ...], says: str) -> None:
    lab.furnished()
    assert enter(lab, "--readings", str(lab.folder / "r.csv"), *more) == 2
    assert says in lab.error
    assert lab.error.count("\n") == 1
