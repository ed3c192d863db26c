from typing import Any

import msgspec
import pytest

from calibration import selftest
from calibration.documents import raw
from calibration.documents.texts import Texts
from calibration.procedure import Line
from calibration.record import CertificatePoint, Eccentric, Sample, Settled, Standard
from tests.calibration.documents.given import dossier, record, sheet, text

EN = Texts("en")


def said(draw: Any, **changes: Any) -> str:
    paper = sheet()
    draw(paper, dossier(record(**changes)), EN)
    return text(paper)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (Line(from_="standard.U"), "certificate, U/k"),
        (Line(half="0.001*x"), "half-width 0.001*x"),
        (Line(u="0.5"), "u = 0.5"),
    ],
)
def test_a_contribution_says_where_it_comes_from(line: Line, shown: str) -> None:
    assert raw.source(line, EN) == shown


def test_budgets_add_up() -> None:
    found = said(raw.budgets)
    assert "15 mm (check point): E = 0.400 mm, U = 0.086 mm (k = 2.00, νeff = ∞, p = 95.45 %)" in found
    assert "reference standard certificate, U/k" in found
    assert found.count("100.0") == 5


def test_readings_keep_their_times_settling_notes_and_order() -> None:
    data = record().as_found
    assert data is not None
    timed = [Sample(I="1.00", x="1.0", t=f"2026-05-04T08:00:{s:02}Z") for s in (0, 2, 4, 6)]
    first = msgspec.structs.replace(
        data.points[0], readings=timed, settle=Settled(slope="0.0001", u_slope="0.00002"), note="a draught"
    )
    changed = msgspec.structs.replace(data, points=[first, *data.points[1:]])
    found = said(raw.readings, as_found=changed)
    assert "08:00:00 1.00 1.0 08:00:02 1.00 1.0 08:00:04 1.00 1.0 08:00:06" in found
    assert "slope 0.0001 mm/s, standard uncertainty 0.00002 mm/s" in found
    assert "Note: a draught" in found
    assert "15 mm · rising · series 1 · check point" in found


def test_eccentricity_is_a_table_of_its_own() -> None:
    data = record().as_found
    assert data is not None
    test = Eccentric(load="10", centre="10.00", others=["10.02", "9.97"])
    found = said(raw.readings, as_found=msgspec.structs.replace(data, eccentricity=test))
    assert "Eccentricity with 10 mm" in found
    assert "10.00 10.02 9.97" in found


def test_certificates_are_given_place_by_place() -> None:
    points = [
        CertificatePoint(x="0", correction="0.01", U="0.06"),
        CertificatePoint(x="30", correction="0.02", U="0.07"),
    ]
    one = Standard(id="gauge", certificate="CERT-5", points=points, file_sha256="ab" * 32)
    found = said(raw.certificates, standards=[one])
    assert "Standard gauge, certificate CERT-5" in found
    assert "30 0.02 0.07" in found
    assert "ab" * 32 in found.replace(" ", "")


def test_the_life_of_the_record_has_every_step() -> None:
    found = said(raw.history)
    for name in ("Anna", "Ben", "Cara"):
        assert name in found


def test_the_self_test_is_listed_where_it_is_given() -> None:
    checks = tuple(selftest.run(selftest.cases()[:3]))
    paper = sheet()
    raw.tested(paper, dossier(selftest=checks), EN)
    assert text(paper).count("✓") == len(checks)
    paper = sheet()
    raw.tested(paper, dossier(), EN)
    assert text(paper) == ""
