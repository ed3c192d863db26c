"""The certificate: the extract for the owner of the item, structured after ISO/IEC 17025 7.8."""

from calibration.documents import closing, findings, raw, sections
from calibration.documents.dossier import Dossier
from calibration.documents.head import banner, draft, every_page, letterhead, title
from calibration.documents.remarks import remarks
from calibration.documents.sheet import Sheet
from calibration.documents.texts import Texts


def draw(sheet: Sheet, d: Dossier, t: Texts) -> None:
    opening(sheet, d, t, "certificate")
    sections.item(sheet, d, t)
    sections.amendment(sheet, d, t)
    sections.method(sheet, d, t)
    raw.answers(sheet, d, t)
    sections.standards(sheet, d, t)
    sections.environment(sheet, d, t)
    findings.results(sheet, d, t)
    findings.effects(sheet, d, t)
    findings.uncertainty(sheet, d, t)
    findings.conformity(sheet, d, t)
    findings.correction(sheet, d, t)
    finishing(sheet, d, t, "certificate")


def opening(sheet: Sheet, d: Dossier, t: Texts, kind: str) -> None:
    letterhead(sheet, d.lab, d.logo, d.link)
    title(sheet, t(kind), t(f"{kind}.below"), t("number", number=d.number))
    if draft(d, t):
        banner(sheet, draft(d, t))


def finishing(sheet: Sheet, d: Dossier, t: Texts, kind: str) -> None:
    sections.remarks(sheet, d, t, remarks(d, t))
    sections.external(sheet, d, t)
    sections.opinions(sheet, d, t)
    sections.people(sheet, d, t)
    closing.statements(sheet, d, t)
    closing.verification(sheet, d, t)
    closing.end(sheet, t("end", name=t(kind), number=d.number))
    every_page(sheet, t, number=d.number, name=t(kind), lab=d.lab.name, state=draft(d, t))
