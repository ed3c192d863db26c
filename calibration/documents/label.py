"""The sticker: 62 × 29 mm, a QR code and what must be seen at the instrument."""

from calibration.documents import qr
from calibration.documents.dossier import Dossier
from calibration.documents.errors import DocumentError
from calibration.documents.sheet import BLACK, Paper, Sheet
from calibration.documents.texts import Texts

PAPER = Paper(width=62.0, height=29.0, left=2.0, right=2.0, top=2.0, bottom=2.0)
_QR = 25.0


def draw(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Raises DocumentError for a record that is not released: nothing must be labelled with it."""
    if d.record.state != "released":
        raise DocumentError(f"a label is for a released calibration; {d.record.id} is {d.record.state}")
    qr.draw(sheet, d.link, 1.0, 2.0, _QR)
    x, room = 1.0 + _QR + 0.5, sheet.paper.width - _QR - 3.5
    sheet.box(x, 2.6, room, 4.4, fill=BLACK)
    _fitted(sheet, x + room / 2, 5.9, room - 2, t("label.head"), 8.5, bold=True, inverse=True)
    lines = [
        (f"{d.record.item.id}", 8.0, True),
        (t("label.serial", serial=d.record.item.serial) if d.record.item.serial else "", 6.5, False),
        (d.number, 7.0, True),
        (t("label.on", day=t.day(d.record.end or d.record.begin or d.issued)), 7.0, False),
        (t("label.due", day=t.day(d.record.due.date)) if d.record.due else "", 7.0, True),
        (_verdict(d, t), 6.5, False),
        (d.lab.name, 5.5, False),
    ]
    y = 9.9
    for text, size, bold in lines:
        if text:
            _left(sheet, x, y, room, text, size, bold=bold)
            y += 2.85
    sheet.y = y


def _verdict(d: Dossier, t: Texts) -> str:
    last = list(d.results.values())[-1]
    if last.passed is None:
        return t("label.see")
    return t("label.passed") if last.passed else t("label.failed")


def _size(sheet: Sheet, room: float, text: str, size: float, bold: bool) -> float:
    while size > 4.0 and sheet.measure(text, size=size, bold=bold) > room:
        size -= 0.25
    return size


def _left(sheet: Sheet, x: float, y: float, room: float, text: str, size: float, *, bold: bool) -> None:
    size = _size(sheet, room, text, size, bold)
    while sheet.measure(text, size=size, bold=bold) > room:
        text = text.rstrip("…")[:-1] + "…"
    sheet.text(x, y, text, size=size, bold=bold)


def _fitted(
    sheet: Sheet, x: float, y: float, room: float, text: str, size: float, *, bold: bool, inverse: bool
) -> None:
    colour = (255, 255, 255) if inverse else BLACK
    sheet.text(x, y, text, size=_size(sheet, room, text, size, bold), bold=bold, align="centre", colour=colour)
