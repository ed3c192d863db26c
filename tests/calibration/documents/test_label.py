from io import BytesIO

import pytest
from pypdf import PdfReader

from calibration.documents import pdf
from calibration.documents.errors import DocumentError
from calibration.record import Due, Item
from tests.calibration.documents.given import RELEASED, adjusted, dossier, record, text
from tests.calibration.example import PROCEDURE


def test_it_is_one_small_page() -> None:
    reader = PdfReader(BytesIO(pdf.render("label", dossier(), "en")))
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) == (62, 29)


def test_it_says_what_must_be_seen_at_the_instrument() -> None:
    due = Due(date="2027-05-04", agreed_by="X")
    made = record(item=Item(id="sensor1", serial="SER-9", d="0.01"), due=due)
    found = text(pdf.render("label", dossier(made), "de"))
    for word in ("KALIBRIERT", "sensor1", "S/N SER-9", "C-1", "am 04.05.2026", "fällig 04.05.2027", "Lab of Examples"):
        assert word in found


def test_an_interval_that_nobody_agreed_to_is_not_printed() -> None:
    assert "due" not in text(pdf.render("label", dossier(), "en"))


def test_the_last_run_says_whether_it_is_within_tolerance() -> None:
    wide, narrow = PROCEDURE.replace("abs = 0.5", "abs = 5"), PROCEDURE.replace("abs = 0.5", "abs = 0.1")
    none = PROCEDURE.replace('[tolerance]\nabs = 0.5\npct = 1.0\nof = "reference"\n', "")
    assert "within tolerance" in text(pdf.render("label", dossier(text=wide), "en"))
    assert "NOT within tolerance" in text(pdf.render("label", dossier(text=narrow), "en"))
    assert "NOT" not in text(pdf.render("label", dossier(adjusted()), "en"))
    assert "see certificate" in text(pdf.render("label", dossier(text=none), "en"))


def test_nothing_is_labelled_before_it_is_released() -> None:
    with pytest.raises(DocumentError, match="C-1 is reviewed"):
        pdf.render("label", dossier(record(state="reviewed", history=RELEASED[:2])), "en")


def test_long_names_stay_inside() -> None:
    made = record(item=Item(id="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", d="0.01"))
    assert "…" in text(pdf.render("label", dossier(made), "en"))
