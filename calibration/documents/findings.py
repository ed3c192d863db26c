"""The results: tables as found and as left, the plot, how U was obtained, conformity, the correction."""

from typing import get_args

from calibration.compute import PointResult, RunResult
from calibration.decide import Verdict, false_accept_at_limit
from calibration.documents import plot
from calibration.documents.blocks import Cell, Column, Row, heading, pairs, paragraph, points, table
from calibration.documents.dossier import Dossier
from calibration.documents.figures import alongside, coefficient, degrees, percent, probability, rounded, uncertain
from calibration.documents.sheet import BLACK, GREEN, RED, Colour, Sheet
from calibration.documents.texts import Texts
from calibration.fit import Fit
from calibration.series import eccentricity

_CURVE_POINTS = 41
_WHOLE = 100.0
"""mm: a table up to here is not broken over two pages."""


def results(sheet: Sheet, d: Dossier, t: Texts, *, detailed: bool = False) -> None:
    """A table of each run, and the plot of all."""
    for name, run in d.results.items():
        heading(sheet, t(f"results.{name}"), keep=min(20.0 + 4.9 * len(run.points), _WHOLE))
        in_force(sheet, d, t, name)
        table(sheet, _columns(d, t, run, detailed), [_row(p, d, t, detailed) for p in run.points])
        if any(p.check for p in run.points):
            paragraph(sheet, t("results.check"), size=7.5)
    paragraph(sheet, t("results.rounding"), size=7.5)
    heading(sheet, t("plot"), keep=74)
    plot.draw(sheet, picture(d), words(d, t))


def in_force(sheet: Sheet, d: Dossier, t: Texts, name: str) -> None:
    """Which correction was in the indications of a run."""
    data = d.record.as_found if name == "as_found" else d.record.as_left
    if data is not None and data.fitted:
        paragraph(sheet, t("applied.fitted"))
    elif data is not None and data.applied is not None:
        paragraph(sheet, t("applied.other", certificate=data.applied.certificate))


def _columns(d: Dossier, t: Texts, run: RunResult, detailed: bool) -> list[Column]:
    unit = d.procedure.unit
    columns = [
        Column(t("point"), unit),
        Column(t("reference"), unit),
        Column(t("indication"), unit),
        Column(t("error"), unit),
        Column("U", unit),
        Column("k"),
    ]
    if detailed:
        columns += [Column("n"), Column("s", unit), Column("u", unit), Column("νeff")]
    if any(p.decision for p in run.points):
        columns += [Column(t("tolerance"), unit), *([Column("pc", "%")] if detailed else [])]
        columns.append(Column(t("conformity"), align="left"))
    return columns


def _row(p: PointResult, d: Dossier, t: Texts, detailed: bool) -> Row:
    n = t.number
    cells: list[str | Cell] = [
        n(f"{p.nominal:g}") + ("*" if p.check else ""),
        n(alongside(p.reference, p.printed)),
        n(alongside(p.indication, p.printed)),
        Cell(n(p.printed.y), bold=True),
        Cell(n(p.printed.U), bold=True),
        n(rounded(p.expanded.k, "0.01")),
    ]
    if detailed:
        cells += [str(p.n), n(uncertain(p.s)), n(uncertain(p.expanded.u)), degrees(p.expanded.nu)]
    if p.decision is not None:
        cells.append("±" + n(_limit(p.decision.limits.half, p.printed.U)))
        cells += [n(probability(p.decision.p_conform))] if detailed else []
        cells.append(verdict(p, t))
    return cells


def _limit(half: float, U: str) -> str:  # noqa: N803 - the symbol of the field
    """A tolerance with the last place of U, and more where it has more."""
    places = len(U.partition(".")[2])
    own = len(f"{half:.6g}".partition(".")[2])
    return rounded(half, f"1e-{max(places, min(own, places + 1))}")


def verdict(p: PointResult, t: Texts) -> Cell:
    if p.decision is None:
        return Cell("–")
    colour = GREEN if p.decision.verdict == "pass" else RED if not p.decision.passed else BLACK
    return Cell(t(f"verdict.{p.decision.verdict}"), colour, bold=True)


def picture(d: Dossier) -> plot.Plot:
    """As found as crosses, as left as discs; a single run is what was found."""
    runs = {
        name: [plot.Mark(p.reference, p.error, p.expanded.U) for p in run.points] for name, run in d.results.items()
    }
    limits = {
        p.reference: (p.reference, p.decision.limits.low, p.decision.limits.high)
        for run in d.results.values()
        for p in run.points
        if p.decision is not None
    }
    found = d.results.get("as_found")
    curve = _curve(found.fit) if found and found.fit else []
    return plot.Plot(runs.get("as_found", []), runs.get("as_left", []), [limits[x] for x in sorted(limits)], curve)


def _curve(fit: Fit) -> list[tuple[float, float]]:
    """The error the correction stands for, over the reference value: −C(I) at I + C(I)."""
    low, high = fit.curve.low, fit.curve.high
    places = [low + (high - low) * i / (_CURVE_POINTS - 1) for i in range(_CURVE_POINTS)]
    corrections = [fit.curve.value(place, extrapolate=True) for place in places]
    return [(place + c, -c) for place, c in zip(places, corrections, strict=True)]


def effects(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Repeatability, hysteresis and eccentricity of each run, where the procedure looks at them."""
    rows = [row for name in d.results for row in _effects(d, name, t)]
    if not rows:
        return
    heading(sheet, t("effects"), keep=20)
    columns = [
        Column(t("effects.run"), align="left"),
        Column(t("effects.what"), align="left", wraps=True),
        Column(t("value"), d.procedure.unit),
    ]
    table(sheet, columns, rows)


def _effects(d: Dossier, name: str, t: Texts) -> list[Row]:
    run, data = d.results[name], d.record.as_found if name == "as_found" else d.record.as_left
    rows: list[Row] = []
    worst = max(run.points, key=lambda p: p.s)
    if worst.s:
        rows.append([t(name), t("effects.repeatability"), t.number(uncertain(worst.s))])
    # Check points as left are judged with the hysteresis as found, which is told there.
    if run.hysteresis is not None and (name == "as_found" or not all(p.check for p in run.points)):
        rows.append([t(name), t("effects.hysteresis"), t.number(uncertain(run.hysteresis.largest))])
    if data is not None and data.eccentricity is not None:
        test = data.eccentricity
        largest = eccentricity(test.centre, test.others, float(test.load)).largest
        load = t.size(test.load, d.procedure.unit)
        rows.append(
            [t(name), t("effects.eccentricity", load=load, n=str(len(test.others))), t.number(f"{largest:.6g}")]
        )
    return rows


def words(d: Dossier, t: Texts) -> plot.Words:
    unit = d.procedure.unit
    return plot.Words(
        x=f"{t('reference')} / {unit}",
        y=f"{t('error')} / {unit}",
        found=t("plot.found"),
        left=t("plot.left"),
        limits=t("plot.limits"),
        curve=t("plot.curve"),
        number=t.number,
    )


def uncertainty(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """The sentence that says how U was obtained."""
    heading(sheet, t("uncertainty"), keep=16)
    paragraph(sheet, uncertainty_text(d, t))
    shapes = {p.expanded.k_method for run in d.results.values() for p in run.points} - {"t"}
    if shapes:
        paragraph(sheet, t("uncertainty.shape"))


def uncertainty_text(d: Dossier, t: Texts) -> str:
    """How U was obtained."""
    names = ", ".join(t.known("budget", name) for name in d.procedure.budget)
    return t("uncertainty.text", p=t.number(percent(d.procedure.decision.p, "0.01")), names=names)


def conformity(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """Which results, which limits, which rule, which risk; as found and as left apart."""
    heading(sheet, t("conformity.title"), keep=36)
    if d.procedure.tolerance is None:
        paragraph(sheet, t("conformity.none"))
        return
    pairs(
        sheet,
        [(t("tolerance"), tolerance(d, t)), (t("rule"), rule(d, t)), (t("risk"), risk(d, t))],
        label=34,
    )
    for name, run in d.results.items():
        paragraph(sheet, overall(name, run, t), bold=True, colour=_colour(run))
    found = d.results.get("as_found")
    if found is not None and found.passed is False:
        paragraph(sheet, t("conformity.impact"))


def overall(name: str, run: RunResult, t: Texts) -> str:
    """A run in one line; where a pass may be conditional, how many of each."""
    verdicts = [p.decision.verdict for p in run.points if p.decision is not None]
    counts = {verdict: verdicts.count(verdict) for verdict in get_args(Verdict)}
    if counts["conditionalPass"] or counts["conditionalFail"]:
        each = ", ".join(f"{n} × {t(f'verdict.{verdict}')}" for verdict, n in counts.items() if n)
        return t("conformity.each", run=t(name), each=each)
    key = "conformity.passed" if run.passed else "conformity.failed"
    return t(key, run=t(name), n=str(counts["pass"]), of=str(len(verdicts)))


def _colour(run: RunResult) -> Colour:
    verdicts = {p.decision.verdict for p in run.points if p.decision is not None}
    return GREEN if verdicts == {"pass"} else BLACK if run.passed else RED


def tolerance(d: Dossier, t: Texts) -> str:
    limits = d.procedure.tolerance
    if limits is None:
        return ""
    parts = [t.size(f"{limits.abs:g}", d.procedure.unit)] if limits.abs else []
    if limits.pct:
        parts.append(t("tolerance.pct", pct=t.number(f"{limits.pct:g}"), of=t(f"base.{limits.of}")))
    return f"± {parts[0]}" if len(parts) == 1 else f"± ({' + '.join(parts)})"


def rule(d: Dossier, t: Texts) -> str:
    """The decision rule in words."""
    chosen = d.procedure.decision
    by = chosen.as_rule()
    if by.fixed is not None:
        text = t("rule.fixed", w=t.number(f"{by.fixed:g}"), unit=d.procedure.unit)
    elif by.r == 0:
        text = t("rule.simple")
    else:
        text = t("rule.guarded", r="" if by.r == 1 else t.number(f"{by.r:g}") + " ")
    return f"{text} {t('rule.nonbinary')}" if chosen.statement == "nonbinary" else text


def risk(d: Dossier, t: Texts) -> str:
    """The greatest probability of a wrong pass that the rule allows, and what it was here."""
    by = d.procedure.decision.as_rule()
    allowed = t("risk.rule", pfa=t.number(probability(false_accept_at_limit(by.r)))) if by.fixed is None else ""
    parts = [allowed, _worst(d, "pass", "risk.here", t)]
    if by.statement == "nonbinary":
        parts += [t("risk.conditional"), _worst(d, "conditionalPass", "risk.conditional_here", t)]
    return " ".join(part for part in parts if part)


def _worst(d: Dossier, verdict: Verdict, key: str, t: Texts) -> str:
    """The greatest risk among the results with a verdict; nothing where there is none."""
    decisions = [p.decision for run in d.results.values() for p in run.points if p.decision is not None]
    risks = [1 - decision.p_conform for decision in decisions if decision.verdict == verdict]
    return t(key, p=t.number(probability(max(risks)))) if risks else ""


def correction(sheet: Sheet, d: Dossier, t: Texts) -> None:
    """What was done between as found and as left, and the curve."""
    found = d.results.get("as_found")
    fit = found.fit if found else None
    if fit is None and not d.record.adjustment:
        return
    heading(sheet, t("adjustment"), keep=44)
    paragraph(sheet, d.record.adjustment or (t("adjustment.none") if d.record.as_left is None else ""))
    if fit is None or found is None:
        return
    unit = d.procedure.unit
    paragraph(sheet, t("correction.text", formula=_formula(fit), unit=unit))
    rows = [_coefficient(i, fit, unit, t) for i in range(len(fit.powers))]
    columns = [
        Column(t("correction.coef"), align="left"),
        Column(t("value")),
        Column("u"),
        Column(t("unit"), align="left"),
    ]
    table(sheet, columns, rows)
    n = t.number
    paragraph(
        sheet,
        t(
            "correction.range",
            low=n(alongside(fit.curve.low, found.points[0].printed)),
            high=n(alongside(fit.curve.high, found.points[0].printed)),
            unit=unit,
            s=n(uncertain(fit.s)),
            n=str(fit.n),
            nu=str(fit.nu),
        ),
    )
    if d.record.as_left is None:
        points(sheet, [_check(x, e, found, unit, t) for x, e in found.checks])


def _check(x: float, e: float, run: RunResult, unit: str, t: Texts) -> str:
    """What the curve leaves where it was not fitted, while nobody has measured it as left."""
    beside = next(p.printed for p in run.points if p.check and p.nominal == x)
    return t("correction.check", x=t.number(f"{x:g}"), e=t.number(alongside(e, beside)), unit=unit)


def _formula(fit: Fit) -> str:
    terms = [f"b{_sub(e)}" + ("" if not e else "·I" if e == 1 else f"·I{'²³⁴⁵'[e - 2]}") for e in fit.curve.exponents]
    return "C(I) = " + " + ".join(terms)


def _sub(e: int) -> str:
    return "₀₁₂₃₄₅"[e]


def _coefficient(i: int, fit: Fit, unit: str, t: Texts) -> Row:
    e = fit.curve.exponents[i]
    value, u = coefficient(fit.powers[i], fit.u[i])
    shown = unit if not e else "1" if e == 1 else f"{unit}{'⁻' + '¹²³⁴'[e - 2]}"
    return [f"b{_sub(e)}", t.number(value), t.number(u), shown]
