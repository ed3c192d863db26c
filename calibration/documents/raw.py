"""Everything else a protocol has: answers, every reading, the budget of every point, the standards' own values."""

from calibration.budget import Budget, Contribution
from calibration.compute import PointResult
from calibration.documents.blocks import SIZE, Column, Row, heading, pairs, paragraph, points, table
from calibration.documents.dossier import Dossier, moment
from calibration.documents.figures import degrees, percent, rounded, uncertain
from calibration.documents.sheet import GREY, Sheet
from calibration.documents.texts import Texts
from calibration.procedure import Line
from calibration.record import Eccentric, Point, RunData, Sample, Standard

_GROUPS = 3
"""Columns of readings beside each other."""


def answers(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """What only a person knew: immersion, medium, lots, …"""
    if d.record.answers:
        heading(sheet, t("answers"), keep=8)
        longest = max(sheet.measure(name, size=SIZE) for name in d.record.answers)
        widest = max(sheet.measure(value, size=SIZE) for value in d.record.answers.values())
        label = min(max(34.0, longest + 3), 80.0)
        pairs(
            sheet, list(d.record.answers.items()), columns=2 if label + widest < sheet.width / 2 - 3 else 1, label=label
        )


def steps(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """The steps of the procedure."""
    if d.procedure.steps.before or d.procedure.steps.after:
        heading(sheet, t("steps"), keep=8)
        points(sheet, [t("step.before", what=s) for s in d.procedure.steps.before])
        points(sheet, [t("step.after", what=s) for s in d.procedure.steps.after])


def certificates(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """What the standards' certificates say, place by place, and the hash of their files."""
    for s in d.record.standards:
        if s.points:
            heading(sheet, t("standard.points", id=s.id, certificate=s.certificate))
            _points(sheet, d, s, t)
        if s.file_sha256:
            pairs(sheet, [(t("standard.file", id=s.id), s.file_sha256)], label=48)


def _points(sheet: Sheet, d: Dossier, s: Standard, t: Texts) -> None:
    unit = d.procedure.unit
    columns = [Column("x", unit), Column(t("standard.correction"), unit), Column(f"U (k = {t.number(s.k)})", unit)]
    rows = [[t.number(p.x), t.number(p.correction), t.number(p.U)] for p in s.points]
    table(sheet, columns, rows, full=False)


def readings(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Every raw reading, visit by visit, in the order they were taken."""
    for name, run in d.record.runs().items():
        heading(sheet, t("readings", run=t(name)), keep=30)
        paragraph(sheet, t("readings.text"), size=7.5)
        for visit in run.points:
            _visit(sheet, d, visit, t)
        _eccentricity(sheet, d, run, t)


def _visit(sheet: Sheet, d: Dossier, visit: Point, t: Texts) -> None:
    sheet.need(18 + 4.7 * -(-len(visit.readings) // _GROUPS))
    stamps = [sample.t for sample in visit.readings if sample.t]
    parts = [
        t.size(visit.nominal, d.procedure.unit),
        t(f"direction.{visit.direction}"),
        t("series", n=str(visit.series)),
        *([t("is_check")] if visit.check else []),
        *([t.time(stamps[0])] if stamps else []),
        *([t("with", what=", ".join(visit.standards))] if visit.standards else []),
    ]
    paragraph(sheet, " · ".join(parts), size=8, bold=True)
    if visit.settle is not None:
        slope, u = t.number(visit.settle.slope), t.number(visit.settle.u_slope)
        paragraph(sheet, t("settled", slope=slope, u=u, unit=d.procedure.unit), size=7.5, colour=GREY)
    _samples(sheet, d, visit.readings, t)
    if visit.note:
        paragraph(sheet, t("note", text=visit.note), size=7.5)


def _samples(sheet: Sheet, d: Dossier, samples: list[Sample], t: Texts) -> None:
    """Groups of time, I and x beside each other, a blank column between."""
    timed = any(sample.t for sample in samples)
    unit = d.procedure.unit
    one = [*([Column(t("clock"), align="left")] if timed else []), Column("I", unit), Column("x", unit)]
    groups = min(_GROUPS, len(samples))
    columns = [column for _ in range(groups) for column in (*one, Column(""))][:-1]
    rows = []
    for i in range(0, len(samples), groups):
        row = [cell for sample in samples[i : i + groups] for cell in (*_sample(sample, timed, t), "")]
        rows.append([*row, *[""] * len(columns)][: len(columns)])
    table(sheet, columns, rows, size=7.5)


def _sample(sample: Sample, timed: bool, t: Texts) -> list[str]:
    clock = [f"{moment(sample.t):%H:%M:%S}" if "T" in sample.t else ""] if timed else []
    return [*clock, t.number(sample.I), t.number(sample.x)]


def _eccentricity(sheet: Sheet, d: Dossier, run: RunData, t: Texts) -> None:
    test: Eccentric | None = run.eccentricity
    if test is None:
        return
    unit = d.procedure.unit
    sheet.need(16)
    paragraph(sheet, t("eccentricity", load=t.number(test.load), unit=unit), size=8, bold=True)
    columns = [Column(t("eccentricity.centre"), unit)]
    columns += [Column(t("eccentricity.position", n=str(i + 1)), unit) for i in range(len(test.others))]
    table(sheet, columns, [[t.number(test.centre), *(t.number(other) for other in test.others)]], size=7.5)


def budgets(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """The uncertainty budget of every point."""
    for name, run in d.results.items():
        heading(sheet, t("budgets", run=t(name)), keep=50)
        for p in run.points:
            _budget(sheet, d, p, t)


def _budget(sheet: Sheet, d: Dossier, p: PointResult, t: Texts) -> None:
    unit = d.procedure.unit
    sheet.need(18 + 4.8 * len(p.budget.lines))
    sheet.y += 1.2
    paragraph(sheet, _result(d, p, t), size=8, bold=True)
    columns = [
        Column(t("budget.contribution"), align="left"),
        Column(t("budget.source"), align="left", wraps=True),
        Column(t("budget.dist"), align="left"),
        Column("u", unit),
        Column("c", "1"),
        Column("c·u", unit),
        Column("ν"),
        Column(t("budget.share"), "%"),
    ]
    shares = p.budget.shares()
    rows = [_contribution(d, line, shares[line.name], t) for line in p.budget.lines]
    table(sheet, columns, [*rows, _total(p.budget, t)], size=7.5)


def _result(d: Dossier, p: PointResult, t: Texts) -> str:
    unit, e, n = d.procedure.unit, p.expanded, t.number
    point = t.size(f"{p.nominal:g}", unit) + (f" ({t('is_check')})" if p.check else "")
    return t(
        "budget.result",
        point=point,
        k=n(rounded(e.k, "0.01")),
        nu=degrees(e.nu),
        p=n(percent(e.p, "0.01")),
        U=t.size(p.printed.U, unit),
        E=t.size(p.printed.y, unit),
    )


def _contribution(d: Dossier, line: Contribution, share: float, t: Texts) -> Row:
    return [
        t.known("budget", line.name),
        source(d.procedure.budget[line.name], t),
        t(f"dist.{line.dist}"),
        t.number(uncertain(line.u)),
        t.number(f"{line.c:g}"),
        t.number(uncertain(abs(line.part))),
        degrees(line.nu),
        t.number(percent(share)),
    ]


def _total(budget: Budget, t: Texts) -> Row:
    return [t("budget.combined"), "", "", "", "", t.number(uncertain(budget.u)), degrees(budget.nu), t.number("100.0")]


def source(line: Line, t: Texts) -> str:
    """Where a contribution comes from: the record, or the procedure's formula."""
    if line.from_ is not None:
        return t(f"source.{line.from_}")
    if line.half is not None:
        return t("source.half", formula=line.half)
    return t("source.u", formula=line.u or "")


def history(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """All that happened to the record, with the reasons given."""
    heading(sheet, t("history"), keep=10)
    columns = [
        Column(t("people.at"), align="left"),
        Column(t("history.state"), align="left"),
        Column(t("people.name"), align="left", wraps=True),
        Column(t("people.identity"), align="left", wraps=True),
        Column(t("history.reason"), align="left", wraps=True),
    ]
    rows = [
        [
            t.time(change.by.at),
            t(f"step.{change.state}"),
            change.by.name,
            t("people.authenticated") if change.by.authenticated else t("people.typed"),
            change.reason,
        ]
        for change in d.record.history
    ]
    if rows:
        table(sheet, columns, rows, size=7.5)


def tested(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """The self-test: published numbers beside what this installation computed."""
    if not d.selftest:
        return
    heading(sheet, t("selftest.title"), keep=20)
    paragraph(sheet, t("selftest.explained"), size=7.5)
    columns = [
        Column(t("selftest.case"), align="left", wraps=True),
        Column(t("selftest.quantity"), align="left"),
        Column(t("selftest.published")),
        Column(t("selftest.computed")),
        Column("", align="left"),
    ]
    rows = [
        [
            check.case,
            check.name,
            t.number(check.published),
            t.number(f"{check.computed:.12g}" if isinstance(check.computed, float) else str(check.computed)),
            "✓" if check.passed else t("selftest.failed"),
        ]
        for check in d.selftest
    ]
    table(sheet, columns, rows, size=6.5)
