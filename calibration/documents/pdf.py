"""A dossier as PDF: certificate, protocol, worksheet, label.

PDF/A-3U; certificate and protocol carry the record, the DCC and the procedure.
"""

from typing import Literal

from calibration import record
from calibration.documents import certificate, dcc, fonts, label, protocol, worksheet
from calibration.documents.dossier import Dossier, moment
from calibration.documents.errors import DocumentError
from calibration.documents.sheet import Attachment, Paper, Sheet
from calibration.documents.texts import Language, Texts
from calibration.procedure import Procedure
from calibration.record import Item
from calibration.register.lab import Lab

Kind = Literal["certificate", "protocol", "worksheet", "label"]
KINDS: tuple[Kind, ...] = ("certificate", "protocol", "worksheet", "label")
RECORD, DCC, PROCEDURE = "record.json", "dcc.xml", "procedure.toml"


def render(kind: Kind, dossier: Dossier, language: Language) -> bytes:
    """The document. Raises DocumentError."""
    t = Texts(language)
    if kind == "worksheet":
        return blank(
            dossier.procedure, dossier.procedure_text, dossier.lab, language, dossier.logo, dossier.record.item
        )
    sheet = Sheet(fonts.find(), label.PAPER if kind == "label" else Paper())
    if kind == "certificate":
        certificate.draw(sheet, dossier, t)
    elif kind == "protocol":
        protocol.draw(sheet, dossier, t)
    elif kind == "label":
        label.draw(sheet, dossier, t)
    else:
        raise DocumentError(f"there is no document {kind!r}; there are {', '.join(KINDS)}")
    return sheet.finish(
        title=f"{t(kind)} {dossier.number}",
        subject=dossier.procedure.title,
        author=dossier.lab.name,
        language=language,
        dated=dossier.dated,
        files=[] if kind == "label" else attachments(dossier),
    )


def blank(
    procedure: Procedure, text: str, lab: Lab, language: Language, logo: bytes = b"", item: Item | None = None
) -> bytes:
    """A worksheet, for which no record is needed. Raises DocumentError."""
    t = Texts(language)
    sheet = Sheet(fonts.find(), Paper())
    worksheet.draw(sheet, procedure, text, lab, logo, t, item)
    return sheet.finish(
        title=f"{t('worksheet')} {procedure.id} rev. {procedure.rev}",
        subject=procedure.title,
        author=lab.name,
        language=language,
        dated=moment("1970-01-01"),
        files=[_procedure(text)],
    )


def attachments(dossier: Dossier) -> list[Attachment]:
    """What a certificate and a protocol carry: the JSON has the hash that is printed."""
    return [
        Attachment(RECORD, record.write(dossier.record), "application/json", "Source", "the record, canonical JSON"),
        Attachment(DCC, dcc.render(dossier), "application/xml", "Alternative", "Digital Calibration Certificate 3.3.0"),
        _procedure(dossier.procedure_text),
    ]


def _procedure(text: str) -> Attachment:
    return Attachment(PROCEDURE, text.encode(), "application/toml", "Source", "the procedure, its hash is its version")
