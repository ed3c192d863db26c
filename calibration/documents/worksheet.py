"""A blank sheet for work on paper: what a procedure asks for, its points, and boxes to write in."""

from collections.abc import Iterable, Sequence

from calibration.documents.blocks import SIZE, heading, pairs, paragraph, step
from calibration.documents.head import every_page, letterhead, title
from calibration.documents.sheet import GREY, LIGHT, Sheet
from calibration.documents.texts import Texts
from calibration.procedure import Procedure, sha256
from calibration.record import Item
from calibration.register.lab import Lab

_ROW = 7.0
"""Height of a box for handwriting, mm."""
_BOX = 13.0
"""Least width of one."""


def draw(sheet: Sheet, procedure: Procedure, text: str, lab: Lab, logo: bytes, t: Texts, item: Item | None) -> None:
    letterhead(sheet, lab, logo)
    name = f"{procedure.id} rev. {procedure.rev}"
    title(sheet, t("worksheet"), t("worksheet.below"), name)
    pairs(
        sheet,
        [
            (t("procedure"), procedure.title),
            (t("method.after"), procedure.method),
            (t("procedure.sha"), sha256(text)),
            (t("quantity"), f"{procedure.quantity} / {procedure.unit}"),
        ],
        label=34,
    )
    _item(sheet, t, item)
    _standards(sheet, t)
    _questions(sheet, procedure, t)
    _environment(sheet, t)
    _readings(sheet, procedure, t)
    _eccentricity(sheet, procedure, t)
    _after(sheet, procedure, t)
    every_page(sheet, t, number=name, name=t("worksheet"), lab=lab.name)


def visits(procedure: Procedure) -> list[tuple[float, str, int]]:
    """(point, direction, series) in the order of the work."""
    found: list[tuple[float, str, int]] = []
    for series in range(1, procedure.points.series + 1):
        if procedure.points.order != "down":
            found += [(x, "up", series) for x in procedure.points.values]
        if procedure.points.order != "up":
            found += [(x, "down", series) for x in reversed(procedure.points.values)]
    return found


def _item(sheet: Sheet, t: Texts, item: Item | None) -> None:
    heading(sheet, t("item"))
    it = item or Item(id="")
    _fields(
        sheet,
        [
            (t("worksheet.number"), ""),
            (t("item.id"), it.id),
            (t("item.serial"), it.serial),
            (t("item.maker"), it.maker),
            (t("item.asset"), it.asset),
            (t("received"), ""),
            (t("customer"), ""),
            (t("place"), ""),
            (t("worksheet.begun"), ""),
            (t("worksheet.ended"), ""),
            (t("people.performed"), ""),
        ],
    )
    _fields(sheet, [(t("item.model"), it.model), (t("item.condition"), it.condition)], columns=1)


def _fields(sheet: Sheet, fields: Sequence[tuple[str, str]], columns: int = 2, label: float = 42.0) -> None:
    """A label and a line to write on."""
    gap = 6.0
    width = (sheet.width - gap * (columns - 1)) / columns
    for start in range(0, len(fields), columns):
        names = [sheet.wrap(name, label - 1.5, size=SIZE) for name, _ in fields[start : start + columns]]
        height = max(_ROW, max(map(len, names)) * step(SIZE) + 2)
        sheet.need(height)
        for i, (_, value) in enumerate(fields[start : start + columns]):
            x = sheet.left + i * (width + gap)
            for j, line in enumerate(names[i]):
                y = sheet.y + height - 1.6 - (len(names[i]) - 1 - j) * step(SIZE)
                sheet.text(x, y, line, size=SIZE, colour=GREY)
            for line in sheet.wrap(value, width - label, size=SIZE)[:1]:
                sheet.text(x + label + 0.5, sheet.y + height - 1.6, line, size=SIZE)
            sheet.line(x + label, sheet.y + height - 0.8, x + width, sheet.y + height - 0.8, colour=GREY, weight=0.15)
        sheet.y += height


def _standards(sheet: Sheet, t: Texts) -> None:
    heading(sheet, t("standards"))
    heads = ["standard.id", "standard.serial", "standard.certificate", "standard.laboratory", "standard.due"]
    _grid(sheet, [t(key) for key in heads], [["", "", "", "", ""]] * 3, [2, 2, 2, 2, 1.5])


def _questions(sheet: Sheet, procedure: Procedure, t: Texts) -> None:
    if procedure.steps.before:
        heading(sheet, t("worksheet.before"), keep=8)
        _ticks(sheet, procedure.steps.before)
    if procedure.asks:
        heading(sheet, t("answers"), keep=10)
        _fields(sheet, [(ask, "") for ask in procedure.asks], columns=1, label=75)


def _ticks(sheet: Sheet, texts: Iterable[str]) -> None:
    for text in texts:
        sheet.need(6)
        sheet.box(sheet.left + 0.5, sheet.y + 0.2, 3.2, 3.2, edge=GREY)
        sheet.y += 0.4
        paragraph(sheet, text, indent=6)
        sheet.y += 0.6


def _environment(sheet: Sheet, t: Texts) -> None:
    heading(sheet, t("environment"), keep=27)
    heads = ["", t("clock"), t("room.temperature"), t("room.humidity"), t("room.pressure")]
    rows = [[t(key), "", "", "", ""] for key in ("worksheet.start", "worksheet.middle", "worksheet.finish")]
    _grid(sheet, heads, rows, [1.4, 1, 1, 1, 1])


def _readings(sheet: Sheet, procedure: Procedure, t: Texts) -> None:
    """As found, and as left where the item may be adjusted: then check points where there are any."""
    work = visits(procedure)
    check = [(x, "up", 1) for x in procedure.points.check]
    heading(sheet, t("worksheet.readings", run=t("as_found"), unit=procedure.unit), keep=30)
    _boxes(sheet, procedure, [*work, *check], t)
    if procedure.adjust.allowed:
        heading(sheet, t("adjustment"), keep=14)
        _fields(sheet, [(t("worksheet.adjusted"), "")], columns=1)
        heading(sheet, t("worksheet.readings", run=t("as_left"), unit=procedure.unit), keep=30)
        _boxes(sheet, procedure, check if check and procedure.adjust.kind == "curve" else work, t)


def _boxes(sheet: Sheet, procedure: Procedure, work: Sequence[tuple[float, str, int]], t: Texts) -> None:
    """One row a visit; readings that do not fit beside each other go on below."""
    count = procedure.reading.typed
    across = min(count, int((sheet.width - 42) / (2 * _BOX)))
    pairs_of = [f"{symbol}{_small(i + 1)}" for i in range(across) for symbol in ("I", "x")]
    rows: list[list[str]] = []
    for x, direction, series in work:
        mark = "*" if x in procedure.points.check else ""
        way = t(f"arrow.{direction}") + (f" {series}" if procedure.points.series > 1 else "")
        for start in range(0, count, across):
            first = start == 0
            rows.append([t.number(f"{x:g}") + mark if first else "", way if first else "", "", *[""] * 2 * across])
    heads = [t("point"), "", t("clock"), *pairs_of]
    _grid(sheet, heads, rows, [1.1, 0.7, 1.2, *[1.3] * 2 * across])
    if any(x in procedure.points.check for x, _, _ in work):
        paragraph(sheet, t("results.check"), size=7.5)


def _small(n: int) -> str:
    return str(n).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _eccentricity(sheet: Sheet, procedure: Procedure, t: Texts) -> None:
    if "eccentricity" not in {line.from_ for line in procedure.budget.values()}:
        return
    heading(sheet, t("worksheet.eccentricity", unit=procedure.unit), keep=30)
    heads = ["", t("worksheet.load"), t("eccentricity.centre")]
    heads += [t("eccentricity.position", n=str(i)) for i in range(1, 5)]
    runs = ["as_found", *(["as_left"] if procedure.adjust.allowed else [])]
    _grid(sheet, heads, [[t(run), *[""] * 6] for run in runs], [1.4, 1, 1, 1, 1, 1, 1])


def _after(sheet: Sheet, procedure: Procedure, t: Texts) -> None:
    if procedure.steps.after:
        heading(sheet, t("worksheet.after"), keep=8)
        _ticks(sheet, procedure.steps.after)
    heading(sheet, t("worksheet.notes"), keep=42)
    for _ in range(3):
        sheet.y += _ROW
        sheet.line(sheet.left, sheet.y, sheet.right, sheet.y, colour=GREY, weight=0.15)
    sheet.y += 5
    _fields(sheet, [(t("worksheet.signature"), ""), (t("worksheet.date"), "")])


def _grid(sheet: Sheet, heads: Sequence[str], rows: Sequence[Sequence[str]], weights: Sequence[float]) -> None:
    """Boxes to write in, with a head that is repeated on each page."""
    widths = [sheet.width * w / sum(weights) for w in weights]
    sheet.need(6 + 2 * _ROW)
    _grid_head(sheet, heads, widths)
    for row in rows:
        if sheet.y + _ROW > sheet.low:
            sheet.page()
            _grid_head(sheet, heads, widths)
        x = sheet.left
        for text, width in zip(row, widths, strict=True):
            sheet.box(x, sheet.y, width, _ROW, edge=GREY, weight=0.15)
            sheet.text(x + 1.2, sheet.y + _ROW - 2.4, text, size=SIZE)
            x += width
        sheet.y += _ROW
    sheet.y += 2


def _grid_head(sheet: Sheet, heads: Sequence[str], widths: Sequence[float]) -> None:
    lines = [sheet.wrap(text, width - 2, size=7.5, bold=True) for text, width in zip(heads, widths, strict=True)]
    height = max(map(len, lines)) * step(7.5) + 1.6
    x = sheet.left
    for each, width in zip(lines, widths, strict=True):
        sheet.box(x, sheet.y, width, height, fill=LIGHT, edge=GREY, weight=0.15)
        for i, line in enumerate(each):
            sheet.text(x + 1.2, sheet.y + 2.9 + i * step(7.5), line, size=7.5, bold=True)
        x += width
    sheet.y += height
