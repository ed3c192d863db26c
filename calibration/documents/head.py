"""The first page's head, the title, and what stands on every page: the number, page n of N, that it is a draft."""

from calibration.documents import qr
from calibration.documents.blocks import SIZE, step
from calibration.documents.dossier import Dossier
from calibration.documents.sheet import GREY, RED, Sheet
from calibration.documents.texts import Texts
from calibration.register.lab import Lab

_QR = 26.0
_LOGO = (44.0, 18.0)


def letterhead(sheet: Sheet, lab: Lab, logo: bytes, link: str = "") -> None:
    """Logo, name and address at the left, the QR code at the right."""
    x, top = sheet.left, 12.0
    if logo:
        x += sheet.picture(logo, sheet.left, top, *_LOGO) + 5.0
    room = sheet.right - x - (_QR + 4 if link else 0)
    y = top + 3.6
    for line in sheet.wrap(lab.name, room, size=12, bold=True):
        sheet.text(x, y, line, size=12, bold=True)
        y += step(12)
    for line in _address(sheet, lab, room):
        sheet.text(x, y, line, size=8, colour=GREY)
        y += step(8)
    if link:
        qr.draw(sheet, link, sheet.right - _QR + 2, top - 4, _QR)
    sheet.y = max(y, top + _QR - 3) + 2


def _address(sheet: Sheet, lab: Lab, room: float) -> list[str]:
    reached = " · ".join(part for part in (lab.phone, lab.email) if part)
    lines = [*lab.address, *([reached] if reached else [])]
    return [piece for line in lines for piece in sheet.wrap(line, room, size=8)]


def title(sheet: Sheet, text: str, below: str, number: str) -> None:
    """The document's name, what kind it is, and its number; a long number has lines of its own."""
    sheet.text(sheet.left, sheet.y + 6, text, size=18, bold=True)
    sheet.text(sheet.left, sheet.y + 11.5, below, size=9, colour=GREY)
    room = sheet.width - sheet.measure(text, size=18, bold=True) - 8
    if sheet.measure(number, size=12, bold=True) <= room:
        sheet.text(sheet.right, sheet.y + 6, number, size=12, bold=True, align="right")
        sheet.y += 14.5
        return
    sheet.y += 13
    for line in sheet.wrap(number, sheet.width, size=12, bold=True):
        sheet.text(sheet.left, sheet.y + 4, line, size=12, bold=True)
        sheet.y += step(12)
    sheet.y += 1.5


def every_page(sheet: Sheet, t: Texts, *, number: str, name: str, lab: str, state: str = "") -> None:
    """Heads from the second page on, feet on all; ``state`` in red where the document is none yet."""
    for page in sheet.each_page():
        foot = sheet.paper.height - 12
        if page > 1:
            sheet.text(sheet.left, 13, _cut(sheet, lab, sheet.width / 2), size=7.5, colour=GREY)
            sheet.text(sheet.right, 13, _cut(sheet, f"{name} {number}", sheet.width / 2), size=7.5, align="right")
            sheet.line(sheet.left, 15, sheet.right, 15, colour=GREY, weight=0.15)
        sheet.line(sheet.left, foot - 4.5, sheet.right, foot - 4.5, colour=GREY, weight=0.15)
        sheet.text(sheet.left, foot, number, size=_foot(sheet, number), bold=True)
        if state:
            sheet.text(sheet.left + sheet.width / 2, 7.5, state, size=7.5, bold=True, colour=RED, align="centre")
        shown = t("page", n=str(page), of=str(sheet.pages))
        sheet.text(sheet.right, foot, shown, size=7.5, align="right")


def banner(sheet: Sheet, text: str) -> None:
    """A red frame: this is not to be relied on."""
    sheet.box(sheet.left, sheet.y, sheet.width, 7, edge=RED, weight=0.4)
    sheet.text(sheet.left + sheet.width / 2, sheet.y + 4.7, text, size=SIZE + 1, bold=True, colour=RED, align="centre")
    sheet.y += 9.5


def draft(dossier: Dossier, t: Texts) -> str:
    """What a document says that is not released; nothing for one that is."""
    return "" if dossier.record.state == "released" else t(f"state.{dossier.record.state}")


def _foot(sheet: Sheet, number: str) -> float:
    """The size in which a number stands on every page in full."""
    size = 7.5
    while sheet.measure(number, size=size, bold=True) > sheet.width - 35 and size > 4:
        size -= 0.25
    return size


def _cut(sheet: Sheet, text: str, width: float) -> str:
    """Long names end in an ellipsis in heads and feet; they stand in full on the first page."""
    if sheet.measure(text, size=7.5, bold=True) <= width:
        return text
    while sheet.measure(text + "…", size=7.5, bold=True) > width:
        text = text[:-1]
    return text + "…"
