"""The end of a document: what it states about itself, how it is checked, and that it ends."""

import re

from calibration.documents.blocks import heading, pairs, points, step
from calibration.documents.dossier import Dossier
from calibration.documents.sheet import Sheet
from calibration.documents.texts import Texts

_KEPT = re.compile(r"(?P<n>\d+) of (?P<of>\d+)")


def statements(sheet: Sheet, d: Dossier, t: Texts) -> None:
    heading(sheet, t("statements"), keep=18)
    texts = [
        t("statement.item"),
        t("statement.stability"),
        t("statement.whole"),
        t("statement.inhouse", lab=d.lab.name),
    ]
    if d.record.due is None:
        texts.append(t("statement.interval"))
    points(sheet, texts)


def verification(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Hashes and software; what the paper is tied to."""
    heading(sheet, t("verification"), keep=26)
    pairs(
        sheet,
        [
            (t("record.sha"), d.sha256),
            (t("chain.head"), d.chain_head),
            (t("link"), d.link),
            (t("software"), software(d, t)),
            (t("attached"), t("attached.text")),
        ],
        label=34,
    )


def software(d: Dossier, t: Texts) -> str:
    """What computed: name and version as the record has them, and its self-test."""
    named, found = d.record.software, selftest(d, t)
    name = " ".join(part for part in (named.get("name", ""), named.get("version", "")) if part)
    return "; ".join(part for part in (name, t("selftest.named", found=found) if found else "") if part)


def selftest(d: Dossier, t: Texts) -> str:
    """As the record keeps it (``142 of 142``), else as the dossier has it."""
    kept = d.record.software.get("selftest", "")
    if not kept and d.selftest:
        kept = f"{sum(check.passed for check in d.selftest)} of {len(d.selftest)}"
    known = _KEPT.fullmatch(kept)
    return t("selftest.short", **known.groupdict()) if known else kept


def end(sheet: Sheet, text: str) -> None:
    """The marked end."""
    sheet.need(6)
    sheet.y += 2.5
    for line in sheet.wrap(text, sheet.width, size=8.5, bold=True):
        sheet.text(sheet.left + sheet.width / 2, sheet.y + 2, line, size=8.5, bold=True, align="centre")
        sheet.y += step(8.5)
