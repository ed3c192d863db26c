from tests.calibration.commands.bench import Lab
from tests.calibration.register.bench import PDF


def test_a_firms_certificate_makes_the_item_due(lab: Lab) -> None:
    lab("init")
    lab("item", "add", "scale1", by="anna")
    paper = lab.file("D-K-15.pdf", PDF)
    days = ("--date", "2026-03-01", "--due", "2099-03-01", "--laboratory", "Firm")
    assert lab("external", "add", "scale1", "--certificate", paper, *days, "--passed", by="anna") == 0
    assert lab("external", "list", "scale1") == 0
    assert "D-K-15       Firm        2026-03-01  2099-03-01" in lab.said
    (line,) = lab.json("due", "--json", "--all")
    assert (line["day"], line["by"], line["status"]) == ("2099-03-01", "D-K-15", "ok")
    assert lab.register().item("scale1").externals[0].passed is True


def test_what_cannot_be_is_one_sentence(lab: Lab) -> None:
    lab("init")
    lab("item", "add", "scale1", by="anna")
    paper = lab.file("c.pdf", PDF)
    for more, says in (
        (("--date", "yesterday"), "are days"),
        (("--date", "2026-03-01", "--passed", "--failed"), "cannot both"),
        (("--date", "2026-02-30"), "neither a day"),
        (("--date", "2026-03-01", "--due", "2026-02-28"), "before the certificate's own date"),
        (("--date", "2999-03-01"), "has not come yet"),
    ):
        assert lab("external", "add", "scale1", "--certificate", paper, *more, by="anna") == 2
        assert says in lab.error
