"""Results as text for a terminal."""

from calibration.compute import PointResult, RunResult
from calibration.procedure import Procedure
from calibration.rounding import printed

TITLES = {"as_found": "as found", "as_left": "as left"}


def text(results: dict[str, RunResult], procedure: Procedure) -> str:
    """Every run: points with U, k and verdict, the budgets, the curve, warnings."""
    parts = [f"{procedure.id} revision {procedure.rev}: {procedure.title}; values in {procedure.unit}"]
    for name, result in results.items():
        parts += ["", TITLES.get(name, name), *_points(result), "", *_budgets(result), *_rest(result)]
    return "\n".join(parts)


def _points(result: RunResult) -> list[str]:
    head = f"{'point':>10} {'n':>4} {'reference':>13} {'indication':>13} {'error':>11} "
    head += f"{'U':>9} {'k':>6} {'p_c':>7}  verdict"
    return [head, *(_point(p) for p in result.points)]


def _point(p: PointResult) -> str:
    places = len(p.printed.U.partition(".")[2]) + 1
    decided = f"{100 * p.decision.p_conform:6.2f}%  {p.decision.verdict}" if p.decision else f"{'':>7}  -"
    return (
        f"{p.nominal:>10g} {p.n:>4} {p.reference:>13.{places}f} {p.indication:>13.{places}f} {p.printed.y:>11} "
        f"{p.printed.U:>9} {p.expanded.k:>6.2f} {decided}{'  (check)' if p.check else ''}"
    )


def _budgets(result: RunResult) -> list[str]:
    """Standard uncertainties: one row a contribution, one column a point."""
    names = [line.name for line in result.points[0].budget.lines]
    rows = [f"{'u of':<18}" + "".join(f"{p.nominal:>11g}" for p in result.points)]
    for i, name in enumerate(names):
        rows.append(f"{name:<18}" + "".join(f"{p.budget.lines[i].part:>11.3g}" for p in result.points))
    rows.append(f"{'combined':<18}" + "".join(f"{p.expanded.u:>11.3g}" for p in result.points))
    return [*rows, f"{'degrees of freedom':<18}" + "".join(f"{p.expanded.nu:>11.4g}" for p in result.points)]


def _rest(result: RunResult) -> list[str]:
    lines = []
    if result.hysteresis is not None:
        lines.append(f"hysteresis: at most {result.hysteresis.largest:.3g}")
    if result.fit is not None:
        terms = zip(result.fit.curve.exponents, result.fit.powers, result.fit.u, strict=True)
        shown = ", ".join(f"I^{e}: {_pair(b, u)}" for e, b, u in terms)
        lines.append(f"correction to add, C(I): {shown}; residual scatter {result.fit.s:.2g}")
    lines += [f"at check point {x:g} the curve leaves {e:.2g}" for x, e in result.checks]
    lines += [f"note: {warning}" for warning in result.warnings]
    return ["", *lines] if lines else []


def _pair(b: float, u: float) -> str:
    found = printed(b, u) if u else None
    return f"{b:.6g}" if found is None else f"{plain_number(found.y)} ± {plain_number(found.U)}"


def plain_number(numeral: str) -> str:
    """A long row of zeros is shorter with an exponent."""
    return f"{float(numeral):.6g}" if len(numeral) > 14 else numeral
