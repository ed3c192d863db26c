"""Who, what, when, with what and where: the sections of a certificate that are not results."""

from calibration.documents.blocks import Column, Row, heading, pairs, paragraph, points, table
from calibration.documents.dossier import Dossier
from calibration.documents.sheet import Sheet
from calibration.documents.texts import Texts
from calibration.record import Change, Standard

ROOM = ("temperature", "humidity", "pressure")


def item(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """The item and its owner, place and dates."""
    it = d.record.item
    heading(sheet, t("item"))
    resolution = t.size(it.d, d.procedure.unit) if it.d.strip("0.") else ""
    pairs(
        sheet,
        [
            (t("item.id"), it.id),
            (t("item.serial"), it.serial or t("none_given")),
            (t("item.maker"), it.maker),
            (t("item.model"), it.model),
            (t("item.asset"), it.asset),
            (t("item.channel"), it.channel),
            (t("item.d"), resolution),
            (t("quantity"), d.procedure.quantity),
        ],
        columns=2,
        label=34,
    )
    pairs(sheet, [(t("item.condition"), it.condition or t("none_given"))], label=34)
    heading(sheet, t("order"))
    pairs(sheet, [(t("customer"), d.customer or t("none_given")), (t("place"), place(d))], label=34)
    pairs(sheet, dates(d, t), columns=2, label=34)


def place(d: Dossier) -> str:
    """Where the work was done; the laboratory's own address where nothing else is said."""
    return d.place or ", ".join([d.lab.name, *d.lab.address])


def dates(d: Dossier, t: Texts) -> list[tuple[str, str]]:
    begin, end = t.day(d.record.begin), t.day(d.record.end)
    work = begin if begin == end or not end else f"{begin} – {end}"
    return [
        (t("received"), t.day(d.record.received)),
        (t("performed_on"), work or t("none_given")),
        (t("issued_on"), t.day(d.issued) or t("not_issued")),
        (
            t("due"),
            f"{t.day(d.record.due.date)} ({t('due.agreed', who=d.record.due.agreed_by)})" if d.record.due else "",
        ),
    ]


def amendment(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """From revision 2 on: which one this replaces, and why."""
    if d.record.rev == 1:
        return
    heading(sheet, t("amendment"))
    why = [change.reason for change in d.record.history if change.state == "draft" and change.reason]
    paragraph(
        sheet,
        t("amendment.text", rev=str(d.record.rev), before=str(d.record.rev - 1), id=d.record.id, sha=d.record.replaces),
    )
    points(sheet, [t("amendment.reason", why=reason) for reason in why[-1:]])


def method(sheet: Sheet, d: Dossier, t: Texts) -> None:
    p = d.procedure
    heading(sheet, t("method"))
    pairs(
        sheet,
        [
            (t("procedure"), t("procedure.text", title=p.title, id=p.id, rev=str(p.rev))),
            (t("method.after"), p.method),
            (t("procedure.sha"), d.record.procedure.sha256),
        ],
        label=34,
    )


def standards(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Traceability: every standard with its certificate."""
    heading(sheet, t("standards"))
    columns = [
        Column(t("standard.id"), align="left", wraps=True),
        Column(t("standard.serial"), align="left", wraps=True),
        Column(t("standard.certificate"), align="left", wraps=True),
        Column(t("standard.laboratory"), align="left", wraps=True),
        Column(t("standard.date"), align="left"),
        Column(t("standard.due"), align="left"),
        Column("U", d.procedure.unit),
        Column("k"),
    ]
    table(sheet, columns, [_standard(s, t) for s in d.record.standards])
    paragraph(sheet, t("standards.text"))


def _standard(s: Standard, t: Texts) -> Row:
    name = f"{s.id} ({s.class_})" if s.class_ else s.id
    return [
        name,
        s.serial,
        s.certificate,
        s.laboratory,
        t.day(s.date),
        t.day(s.due),
        uncertainties(s, t),
        t.number(s.k),
    ]


def uncertainties(s: Standard, t: Texts) -> str:
    """U of a certificate: one, or the least and the greatest of its points."""
    if s.U is not None:
        return t.number(s.U)
    rising = sorted((p.U for p in s.points), key=float)
    return t.number(rising[0]) if rising[0] == rising[-1] else f"{t.number(rising[0])} – {t.number(rising[-1])}"


def environment(sheet: Sheet, d: Dossier, t: Texts) -> None:
    heading(sheet, t("environment"))
    if not d.record.environment:
        paragraph(sheet, t("environment.none"))
        return
    columns = [
        Column(t("environment.quantity"), align="left"),
        Column(t("min")),
        Column(t("mean")),
        Column(t("max")),
        Column(t("unit"), align="left"),
        Column(t("environment.limits"), align="left"),
    ]
    rows = [
        [t.known("room", name), *(t.number(v) for v in (seen.min, seen.mean, seen.max)), seen.unit, _limits(d, name, t)]
        for name, seen in sorted(d.record.environment.items(), key=lambda entry: _rank(entry[0]))
    ]
    table(sheet, columns, rows)


def _rank(name: str) -> tuple[int, str]:
    return (ROOM.index(name) if name in ROOM else len(ROOM), name)


def _limits(d: Dossier, name: str, t: Texts) -> str:
    limits = getattr(d.procedure.environment, name) if name in ROOM else None
    return t("environment.range", low=t.number(f"{limits[0]:g}"), high=t.number(f"{limits[1]:g}")) if limits else "–"


def people(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Who did what, and whether the name was checked."""
    heading(sheet, t("people"))
    columns = [
        Column(t("people.role"), align="left"),
        Column(t("people.name"), align="left", wraps=True),
        Column(t("people.at"), align="left"),
        Column(t("people.identity"), align="left", wraps=True),
    ]
    steps = [d.step(state) for state in ("performed", "reviewed", "released")]
    rows = [_person(step, t) for step in steps if step is not None]
    if rows:
        table(sheet, columns, rows)
    if d.step("released") is None:
        paragraph(sheet, t("people.unreleased"))


def _person(step: Change, t: Texts) -> Row:
    identity = t("people.authenticated") if step.by.authenticated else t("people.typed")
    return [t(f"role.{step.state}"), step.by.name, t.time(step.by.at), identity]


def remarks(sheet: Sheet, d: Dossier, t: Texts, found: list[str]) -> None:
    """Deviations from the procedure: what a person wrote, and what the computation found."""
    heading(sheet, t("deviations"), keep=8)
    texts = [*d.record.deviations, *found]
    if texts:
        points(sheet, texts)
    else:
        paragraph(sheet, t("deviations.none"))


def external(sheet: Sheet, d: Dossier, t: Texts) -> None:
    if d.record.external:
        heading(sheet, t("external"), keep=8)
        points(sheet, d.record.external)


def opinions(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Kept apart from results, and said by whom."""
    if not d.record.opinions:
        return
    heading(sheet, t("opinions"), keep=12)
    step = d.step("released") or d.step("reviewed") or d.step("performed")
    paragraph(sheet, t("opinions.text", who=step.by.name if step else t("nobody")))
    points(sheet, d.record.opinions)
