from tests.calibration.commands.bench import Lab
from tests.calibration.example import PROCEDURE


def test_what_is_due(lab: Lab) -> None:
    lab.furnished()
    assert lab("due") == 1
    assert "never   item  pt3" in lab.said
    lab.file("p.toml", PROCEDURE + "[interval]\nmonths = 600\n")
    id_ = lab.released()
    assert lab("due") == 0
    assert len(lab.said.splitlines()) == 1
    lines = lab.json("due", "--json", "--all")
    assert [(line["id"], line["day"], line["by"]) for line in lines] == [
        ("pt3", "2076-06-01", id_),
        ("gauge", "2099-01-01", "L-77"),
    ]
    assert lab("due", "--within", "99999d") == 0
    assert len(lab.said.splitlines()) == 3


def test_a_calendar(lab: Lab) -> None:
    lab.furnished()
    file = lab.folder / "due.ics"
    lab("due", "--ics", str(file))
    assert b"DTSTART;VALUE=DATE:20990101\r\n" in file.read_bytes()
    assert lab("due", "--ics", str(lab.folder / "no" / "due.ics")) == 2
    assert lab("due", "--within", "soon") == 2
