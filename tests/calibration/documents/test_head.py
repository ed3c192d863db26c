import pytest

from calibration.documents import head
from calibration.documents.texts import Texts
from calibration.register.lab import Lab
from tests.calibration.documents.given import LAB, pages, sheet, text

EN = Texts("en")


def test_every_page_has_its_number_in_full_and_its_place() -> None:
    paper = sheet()
    paper.page()
    number = "K" * 60 + "-007"
    head.every_page(paper, EN, number=number, name="Certificate", lab="Lab", state="DRAFT")
    found = pages(paper)
    assert [number in page and "DRAFT" in page for page in found] == [True, True]
    assert ["Page 1 of 2" in found[0], "Page 2 of 2" in found[1]] == [True, True]
    assert "Certificate" in found[1]
    assert "Certificate" not in found[0]


@pytest.mark.parametrize("number", ["No. K-1", "No. " + "K" * 64])
def test_a_number_never_runs_into_the_title(number: str) -> None:
    paper = sheet()
    paper.y = 40
    head.title(paper, "Calibration certificate", "In-house calibration", number)
    assert text(paper).replace(" ", "").count(number.replace(" ", "")) == 1
    assert paper.y > 54 or len(number) < 20


def test_the_letterhead_has_everything_of_the_lab() -> None:
    paper = sheet()
    head.letterhead(paper, LAB, b"", "https://lab.example/cal/x")
    found = text(paper)
    for word in ("Lab of Examples", "Street 1", "12345 Town", "lab@example.org"):
        assert word in found


def test_a_long_name_stays_left_of_the_code() -> None:
    paper = sheet()
    head.letterhead(paper, Lab(name="Kalibrierdienst " * 20), b"", "https://lab.example/cal/x")
    assert paper.y > 50
    assert text(paper).count("Kalibrierdienst") == 20
