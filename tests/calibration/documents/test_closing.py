import pytest

from calibration import selftest
from calibration.documents import closing
from calibration.documents.texts import Texts
from tests.calibration.documents.given import dossier, record, sheet, text

EN, DE = Texts("en"), Texts("de")


@pytest.mark.parametrize(
    ("kept", "shown"),
    [("142 of 142", "142 von 142 veröffentlichten Zahlen reproduziert"), ("all good", "all good"), ("", "")],
)
def test_the_self_test_is_what_the_record_keeps(kept: str, shown: str) -> None:
    assert closing.selftest(dossier(record(software={"selftest": kept} if kept else {})), DE) == shown


def test_else_it_is_the_one_that_was_made_for_the_document() -> None:
    checks = tuple(selftest.run(selftest.cases()[:2]))
    assert (
        closing.selftest(dossier(selftest=checks), EN) == f"{len(checks)} of {len(checks)} published numbers reproduced"
    )


def test_paper_is_tied_to_the_record_and_to_the_ledger() -> None:
    paper, d = sheet(), dossier(record(software={"name": "labwire", "version": "1.2.3"}), chain_head="ab" * 32)
    closing.verification(paper, d, EN)
    found = text(paper).replace(" ", "")
    for word in (d.sha256, "ab" * 32, d.link, "labwire1.2.3", "record.json"):
        assert word in found


def test_the_end_is_marked_whatever_its_length() -> None:
    paper = sheet()
    closing.end(paper, "– End of " + "K" * 200 + " –")
    assert text(paper).endswith("–")
    assert paper.pages == 1
