"""Whole documents: what ISO/IEC 17025 7.8 asks for stands in them, in both languages, and the same bytes come again."""

import subprocess
import sys
from io import BytesIO
from typing import Any, get_args

import msgspec
import pytest
from pypdf import PdfReader

from calibration import record as records
from calibration.documents import dcc, pdf
from calibration.documents.errors import DocumentError
from calibration.documents.pdf import Kind
from calibration.documents.texts import LANGUAGES, Language, Texts
from calibration.register.lab import Lab
from tests.calibration.documents.given import BEN, LAB, adjusted, dossier, pages, record, text
from tests.calibration.example import PROCEDURE


def full(**changes: Any) -> records.Record:
    """Every field filled with a word that can be found again."""
    values = {
        "item": records.Item(
            id="sensor1", maker="Maker-M", model="Model-M", serial="SER-9", asset="INV-7", condition="clean-C", d="0.01"
        ),
        "customer": "Owner-O\nOwner-Street",
        "place": "Place-P",
        "received": "2026-05-01",
        "standards": [
            records.Standard(
                id="gauge",
                class_="K",
                serial="GS-1",
                certificate="CERT-5",
                laboratory="Lab-L",
                date="2025-01-02",
                due="2027-01-02",
                U="0.06",
                file_sha256="ab" * 32,
            )
        ],
        "environment": {"temperature": records.Span(min="20.1", mean="20.5", max="21.4", unit="°C")},
        "adjustment": "Adjusted-A",
        "due": records.Due(date="2027-05-04", agreed_by="Owner-X"),
        "external": ["External-E"],
        "answers": {"medium": "Answer-A"},
        "deviations": ["Deviation-D"],
        "opinions": ["Opinion-O"],
        "software": {"name": "labwire", "version": "9.8.7", "selftest": "10 of 10"},
    }
    return adjusted(**{**values, **changes})


EVERYWHERE = [
    "Lab of Examples",
    "12345 Town",
    "C-1",
    "sensor1",
    "Maker-M",
    "Model-M",
    "SER-9",
    "INV-7",
    "clean-C",
    "Owner-O",
    "Owner-Street",
    "Place-P",
    "CERT-5",
    "Lab-L",
    "GS-1",
    "Adjusted-A",
    "Owner-X",
    "External-E",
    "Answer-A",
    "Deviation-D",
    "Opinion-O",
    "Anna",
    "Ben",
    "Cara",
    "P-1",
    "labwire 9.8.7",
    "C(I) = b₀ + b₁·I",
    "HEAD-OF-LEDGER",
]
CLAUSES = [
    "item",
    "order",
    "method",
    "standards",
    "environment",
    "results.as_found",
    "results.as_left",
    "plot",
    "uncertainty",
    "conformity.title",
    "adjustment",
    "deviations",
    "external",
    "opinions",
    "people",
    "statements",
    "statement.item",
    "verification",
    "people.typed",
    "people.authenticated",
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["certificate", "protocol"])
def test_everything_of_the_clauses_stands_there(kind: Kind, language: Language) -> None:
    d = dossier(full(), chain_head="HEAD-OF-LEDGER")
    found, t = text(pdf.render(kind, d, language)), Texts(language)
    assert [word for word in EVERYWHERE if word not in found] == []
    assert [key for key in CLAUSES if " ".join(t(key).split()) not in found] == []
    assert d.sha256 in found.replace(" ", "")
    assert t(f"{kind}.below") in found
    day = "2026-05-06" if language == "en" else "06.05.2026"
    assert day in found


@pytest.mark.parametrize("kind", ["certificate", "protocol"])
def test_every_page_has_the_number_and_its_place(kind: Kind) -> None:
    found = pages(pdf.render(kind, dossier(full()), "en"))
    assert len(found) >= 2
    for i, page in enumerate(found, 1):
        assert "C-1" in page
        assert f"Page {i} of {len(found)}" in page
    name = Texts("en")(kind)
    assert f"– End of: {name} C-1 –" in found[-1]
    assert sum("End of:" in page for page in found) == 1


def test_errors_and_uncertainties_are_the_core_s_numerals() -> None:
    d = dossier(full())
    found = text(pdf.render("certificate", d, "de"))
    for run in d.results.values():
        for p in run.points:
            assert f"{Texts('de').number(p.printed.y)} {Texts('de').number(p.printed.U)}" in found


def test_a_protocol_has_every_reading_and_every_contribution() -> None:
    d = dossier(full())
    found = text(pdf.render("protocol", d, "en")).split()
    for run in d.record.runs().values():
        for visit in run.points:
            for sample in visit.readings:
                assert sample.I in found
                assert sample.x in found
    joined = " ".join(found)
    for run_name in d.record.runs():
        assert Texts("en")("readings", run=Texts("en")(run_name)) in joined
    assert joined.count("· series 1") == sum(len(run.points) for run in d.record.runs().values())
    for name in d.procedure.budget:
        assert Texts("en").known("budget", name) in joined
    assert joined.count("combined 0.") == sum(len(run.points) for run in d.results.values())
    assert "Step" in joined


def test_a_certificate_is_only_an_extract() -> None:
    assert "combined standard uncertainty" in text(pdf.render("certificate", dossier(full()), "en"))
    assert "Uncertainty budgets" not in text(pdf.render("certificate", dossier(full()), "en"))


@pytest.mark.parametrize("kind", ["certificate", "protocol"])
def test_attachments_are_the_record_the_dcc_and_the_procedure(kind: Kind) -> None:
    d = dossier(full())
    reader = PdfReader(BytesIO(pdf.render(kind, d, "en")))
    assert reader.attachments == {
        "record.json": [records.write(d.record)],
        "dcc.xml": [dcc.render(d)],
        "procedure.toml": [PROCEDURE.encode()],
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_same_dossier_gives_the_same_bytes(kind: Kind, language: Language) -> None:
    assert pdf.render(kind, dossier(full()), language) == pdf.render(kind, dossier(full()), language)


def test_another_process_gives_the_same_bytes() -> None:
    """Neither hashes of this process nor the hour are in it."""
    script = (
        "import hashlib; from tests.calibration.documents.given import dossier; from calibration.documents import pdf;"
        "print(hashlib.sha256(pdf.render('protocol', dossier(), 'de')).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    import hashlib

    assert done.stdout.strip() == hashlib.sha256(pdf.render("protocol", dossier(), "de")).hexdigest()


@pytest.mark.parametrize("state", ["draft", "performed", "reviewed"])
def test_what_is_not_released_says_so_on_every_page(state: records.State) -> None:
    made = record(state=state, history=[records.Change(state="performed", by=BEN)])
    for page in pages(pdf.render("certificate", dossier(made), "en")):
        assert Texts("en")(f"state.{state}") in page
    assert "not released" in text(pdf.render("certificate", dossier(made), "en"))


def test_a_released_one_says_nothing_of_drafts() -> None:
    found = text(pdf.render("certificate", dossier(), "en"))
    assert "DRAFT" not in found
    assert "NOT RELEASED" not in found


def test_no_interval_is_recommended_unless_it_was_agreed() -> None:
    t = Texts("en")
    assert t("statement.interval") in text(pdf.render("certificate", dossier(), "en"))
    agreed = text(pdf.render("certificate", dossier(full()), "en"))
    assert t("statement.interval") not in agreed
    assert "2027-05-04 (agreed by Owner-X)" in agreed


def test_an_amendment_names_what_it_replaces_and_why() -> None:
    changes = [records.Change(state="draft", by=BEN, reason="wrong serial"), *record().history]
    made = record(rev=2, replaces="cd" * 32, history=changes)
    found = text(pdf.render("certificate", dossier(made), "en"))
    assert "This is revision 2 of C-1. It replaces revision 1" in found
    assert "cd" * 32 in found
    assert "Reason: wrong serial" in found
    assert "No. C-1 rev. 2" in found


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_lab_with_nothing_but_a_name(kind: Kind) -> None:
    assert "Lab" in text(pdf.render(kind, dossier(lab=Lab(name="Lab")), "en"))


def test_a_character_without_a_glyph_stops_the_document() -> None:
    odd = record(item=records.Item(id="sensor1", maker="株式会社", d="0.01"))
    with pytest.raises(DocumentError, match=r"'株' \(U\+682A\), in '株式会社'"):
        pdf.render("certificate", dossier(odd), "en")


def test_there_is_no_other_kind() -> None:
    wrong: Any = "diploma"
    with pytest.raises(DocumentError, match="there is no document 'diploma'"):
        pdf.render(wrong, dossier(), "en")


def test_what_draws_is_imported_only_when_a_document_is_made() -> None:
    script = (
        "import sys, calibration.__main__, calibration.commands.pdf, calibration.commands.sign;"
        "import calibration.documents.dossier, calibration.register.rendering;"
        "sys.exit(str([m for m in ('fpdf', 'segno', 'pyhanko', 'PIL', 'fontTools') if m in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "\n"


def test_a_logo_and_a_long_name_have_room() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="#333"/></svg>'
    long = msgspec.structs.replace(LAB, name="Kalibrierdienst " * 12)
    found = text(pdf.render("certificate", dossier(lab=long, logo=svg), "de"))
    assert found.count("Kalibrierdienst") >= 12
