"""What stands where; that everything stands there is in test_pdf."""

from calibration.documents import certificate
from calibration.documents.texts import Texts
from tests.calibration.documents.given import BEN, dossier, record, sheet, text


def test_the_sections_come_in_their_order() -> None:
    paper, t = sheet(), Texts("en")
    certificate.draw(paper, dossier(), t)
    found = text(paper)
    keys = ["certificate", "item", "method", "standards", "environment", "results.as_found", "uncertainty"]
    keys += ["conformity.title", "adjustment", "deviations", "people", "statements", "verification"]
    places = [found.index(t(key)) for key in keys]
    assert places == sorted(places)


def test_what_is_no_certificate_yet_has_a_banner() -> None:
    from calibration.record import Change

    paper = sheet()
    certificate.opening(
        paper, dossier(record(state="draft", history=[Change(state="draft", by=BEN)])), Texts("en"), "certificate"
    )
    assert "DRAFT – not released" in text(paper)
