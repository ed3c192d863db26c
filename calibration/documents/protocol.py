"""The protocol: everything a repeat under the same conditions needs, for the laboratory itself."""

from calibration.documents import findings, raw, sections
from calibration.documents.certificate import finishing, opening
from calibration.documents.dossier import Dossier
from calibration.documents.sheet import Sheet
from calibration.documents.texts import Texts


def draw(sheet: Sheet, d: Dossier, t: Texts) -> None:
    opening(sheet, d, t, "protocol")
    sections.item(sheet, d, t)
    sections.amendment(sheet, d, t)
    sections.method(sheet, d, t)
    raw.answers(sheet, d, t)
    raw.steps(sheet, d, t)
    sections.standards(sheet, d, t)
    raw.certificates(sheet, d, t)
    sections.environment(sheet, d, t)
    findings.results(sheet, d, t, detailed=True)
    findings.effects(sheet, d, t)
    findings.uncertainty(sheet, d, t)
    findings.conformity(sheet, d, t)
    findings.correction(sheet, d, t)
    raw.budgets(sheet, d, t)
    raw.readings(sheet, d, t)
    raw.history(sheet, d, t)
    raw.tested(sheet, d, t)
    finishing(sheet, d, t, "protocol")
