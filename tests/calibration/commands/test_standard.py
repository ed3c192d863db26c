import pytest

from tests.calibration.commands.bench import Lab
from tests.calibration.register.bench import PDF

DAYS = ("--date", "2026-01-01", "--due", "2099-01-01")


def test_a_standard_with_its_certificate(lab: Lab) -> None:
    lab("init")
    paper = lab.file("c.pdf", PDF)
    points = lab.file("points.csv", "x,correction,U\n0,0.002,0.010\n# middle\n50;0;0.011\n")
    added = ("--point", "100:-0.001:0.012", "--points", points, "--number", "K-118", "--class", "pt25")
    assert lab("standard", "add", "ref1", "--certificate", paper, *DAYS, *added, by="anna") == 0
    kept = lab.register().standard("ref1").standard
    assert [(p.x, p.correction, p.U) for p in kept.points] == [
        ("100", "-0.001", "0.012"),
        ("0", "0.002", "0.010"),
        ("50", "0", "0.011"),
    ]
    assert (lab.dir / "certificates" / f"{kept.file_sha256}.pdf").read_bytes() == PDF
    late = ("--date", "2020-01-01", "--due", "2021-01-01")
    assert lab("standard", "add", "w1", "--certificate", paper, *late, "-U", "0.06", "-k", "2.1", by="anna") == 0
    assert lab("standard", "list") == 0
    assert "ref1      pt25   K-118" in lab.said
    assert "overdue" in lab.said.splitlines()[2]
    assert lab("standard", "retire", "w1", by="anna") == 0
    assert lab.register().standard("w1").state == "retired"


def test_points_from_toml_keep_their_digits(lab: Lab) -> None:
    lab("init")
    points = lab.file("p.toml", '[[points]]\nx = 0\nU = 0.0100\n[[points]]\nx = "10"\ncorrection = 0.1\nU = 0.02\n')
    assert lab("standard", "add", "a", "--certificate", lab.file("c.pdf", PDF), *DAYS, "--points", points, by="x") == 0
    assert [p.U for p in lab.register().standard("a").standard.points] == ["0.0100", "0.02"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "either U or points"),
        (("-U", "1", "--point", "1:2:3"), "either U or points"),
        (("--point", "1:2"), "X:CORRECTION:U"),
        (("-U", "small"), "standard a"),
        (("-U", "1", "--points", "nowhere.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(lab: Lab, more: tuple[str, ...], says: str) -> None:
    lab("init")
    assert lab("standard", "add", "a", "--certificate", lab.file("c.pdf", PDF), *DAYS, *more, by="anna") == 2
    assert says in lab.error
    assert lab.error.count("\n") == 1


def test_the_certificate_is_a_pdf_that_is_there(lab: Lab) -> None:
    lab("init")
    for paper, says in ((lab.file("c.txt", "x"), "not a PDF"), ("nowhere.pdf", "cannot be read")):
        assert lab("standard", "add", "a", "--certificate", paper, *DAYS, "-U", "1", by="anna") == 2
        assert says in lab.error
