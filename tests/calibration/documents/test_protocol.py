from calibration.documents import protocol
from calibration.documents.texts import Texts
from tests.calibration.documents.given import dossier, sheet, text


def test_it_goes_from_the_results_to_what_they_come_from() -> None:
    paper, t = sheet(), Texts("de")
    protocol.draw(paper, dossier(), t)
    found = text(paper)
    keys = ["results.as_found", "conformity.title"]
    titles = [t(key) for key in keys] + [
        t("budgets", run=t("as_found")),
        t("readings", run=t("as_found")),
        t("history"),
    ]
    places = [found.index(title) for title in [*titles, t("verification")]]
    assert places == sorted(places)
