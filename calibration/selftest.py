"""Published numbers beside what this installation computes: the validation of the software in one page.

``vectors.json`` holds the cases. A published number is reproduced when it is met to half a unit of its last place, or
to the case's own ``relative`` or ``within``, which then says why.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

from calibration import sensors
from calibration.both_axes import fit_both
from calibration.budget import Budget, Contribution, combine, contribution
from calibration.coverage import k_t, k_trapezoid
from calibration.decide import Limits, false_accept_at_limit, nonconformance
from calibration.distributions import normal_quantile
from calibration.exact import arithmetic, exact
from calibration.fit import Fit, fit
from calibration.interval import method_a3
from calibration.propagate import Input, propagate
from calibration.rounding import concise, plain, round_u
from calibration.stats import summary

Given = Mapping[str, Any]
Found = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Check:
    """One published number. ``computed`` is None where nothing came out."""

    case: str
    source: str
    name: str
    published: str
    computed: float | str | None
    deviation: float
    allowed: float
    note: str

    @property
    def passed(self) -> bool:
        if isinstance(self.computed, float):
            return self.deviation <= self.allowed
        return self.computed == self.published


@dataclass(frozen=True, slots=True)
class Case:
    """One case of ``vectors.json``."""

    id: str
    kind: str
    source: str
    given: Given
    expect: Mapping[str, str]
    relative: str = ""
    within: Mapping[str, str] | None = None
    note: str = ""


def cases() -> list[Case]:
    """The cases that ship with labwire."""
    raw = json.loads((files(__package__ or "calibration") / "vectors.json").read_text(encoding="utf-8"))
    return [Case(**case) for case in raw]


def run(of: list[Case] | None = None) -> list[Check]:
    """Every published number of every case, computed now."""
    return [check for case in (cases() if of is None else of) for check in _checks(case)]


def _checks(case: Case) -> list[Check]:
    found = KINDS[case.kind](case.given)
    return [_check(case, name, published, found.get(name)) for name, published in case.expect.items()]


def _check(case: Case, name: str, published: str, computed: float | str | None) -> Check:
    if not isinstance(computed, float):
        return Check(case.id, case.source, name, published, computed, math.nan, 0.0, "")
    wanted = Decimal(published)
    with arithmetic():
        deviation = abs(exact(computed) - wanted)
        if case.relative:
            allowed = abs(wanted) * Decimal(case.relative)
        else:
            # A hair more than half a unit, for a number printed as …5.
            allowed = Decimal((case.within or {}).get(name, 0)) or Decimal(1).scaleb(_place(wanted)) * Decimal(
                "0.50001"
            )
    note = case.note if name in (case.within or {}) else ""
    return Check(case.id, case.source, name, published, computed, float(deviation), float(allowed), note)


def _place(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def _readings(given: Given) -> Found:
    values = given["values"] if "values" in given else [given["first"], *given["pair"] * given["times"]]
    found = summary(values)
    return {"mean": found.mean, "s": found.s, "u": found.u}


def _fit(given: Given) -> Found:
    with arithmetic():
        x = [exact(v) - exact(given.get("x_from", 0)) for v in given["x"]]
    found = fit(x, given["y"], given["degree"], u=given.get("u"))
    extra: dict[str, float | str] = {}
    if "at" in given:
        here = found.at(given["at"], extrapolate=True)
        extra |= {"at": here.value, "u_at": here.u}
    if "inverse" in given:
        back = found.inverse(*given["inverse"], extrapolate=True)
        extra |= {"inverse": back.value, "u_inverse": back.u}
    return {**_described(found), **extra}


def _described(found: Fit) -> dict[str, float | str]:
    named: dict[str, float | str] = {}
    for i, (b, u) in enumerate(zip(found.powers, found.u, strict=True)):
        named |= {f"b{i}": b, f"u_b{i}": u}
    return named | {
        "s": found.s,
        "r2": found.r2,
        "rss": found.rss,
        "F": found.f,
        "nu": float(found.nu),
        "cov01": found.cov[0][1],
        "r01": found.correlation(0, 1),
        "chi2": math.nan if found.chi2 is None else found.chi2,
    }


def _both_axes(given: Given) -> Found:
    return _described(fit_both(given["x"], given["y"], given["ux"], given["uy"]))


def _budget(given: Given) -> Found:
    nus = [math.inf if nu is None else nu for nu in given.get("nu", [None] * len(given["parts"]))]
    found = combine(given["parts"], nus, given["p"])
    return {"u": found.u, "nu_eff": found.nu, "k": found.k, "U": found.U}


def _limits(given: Given) -> Found:
    lines = [Contribution(f"normal {i}", u) for i, u in enumerate(given["normal"])]
    lines += [contribution(f"limits {i}", half=half) for i, half in enumerate(given["half"])]
    found = Budget(tuple(lines)).expand(given["p"], "auto")
    return {"u": found.u, "k": found.k, "U": found.U, "method": found.k_method}


def _end_gauge(given: Given) -> Found:
    inputs = {
        "ls": Input(given["ls_nm"], *given["u_ls"]),
        "d": Input(given["d_nm"], *given["u_rep"]),
        "random": Input(0, *given["u_rand"]),
        "systematic": Input(0, *given["u_sys"]),
        "alpha": Input(given["alpha_s"], given["alpha_s_half"] / math.sqrt(3)),
        "theta": Input(given["theta"], math.hypot(given["u_theta_mean"], given["theta_arcsine_half"] / math.sqrt(2))),
        "d_alpha": Input(0, given["d_alpha_half"] / math.sqrt(3), given["nu_d_alpha"]),
        "d_theta": Input(0, given["d_theta_half"] / math.sqrt(3), given["nu_d_theta"]),
    }
    found = propagate(_gauge_length, inputs)
    parts = {line.name: abs(line.part) for line in found.budget.lines}
    expanded = found.budget.expand(0.99)
    return {
        "l": found.value,
        "u": expanded.u,
        "nu_eff": expanded.nu,
        "nu_used": expanded.nu_used,
        "k": expanded.k,
        "U": expanded.U,
        "u_second_order": propagate(_gauge_length, inputs, second_order=True).budget.u,
        "part_ls": parts["ls"],
        "part_d": math.hypot(parts["d"], parts["random"], parts["systematic"]),
        "part_d_alpha": parts["d_alpha"],
        "part_d_theta": parts["d_theta"],
    }


def _gauge_length(q: Mapping[str, float]) -> float:
    warmth = q["d_alpha"] * q["theta"] + q["alpha"] * q["d_theta"]
    return q["ls"] + q["d"] + q["random"] + q["systematic"] - q["ls"] * warmth


def _risk(given: Given) -> Found:
    return {f"{r:g}": false_accept_at_limit(r) for r in given["r"]}


def _quantiles(given: Given) -> Found:
    return {f"{p:g}": normal_quantile(p) for p in given["p"]}


def _conformance(given: Given) -> Found:
    return {"p_nc": nonconformance(given["y"], given["u"], Limits(given["low"], given["high"]))}


def _k(given: Given) -> Found:
    table = {str(nu): k_t(nu, given["p"]) for nu in (*range(1, 11), 20, 50)}
    return {**table, "inf": k_t(math.inf, given["p"])}


def _trapezoid(given: Given) -> Found:
    return {name: k_trapezoid(beta, given["p"]) for name, beta in given["beta"].items()}


def _rounding(given: Given) -> Found:
    found = {f"half {u}": plain(round_u(u)) for u in given["half"]}
    found |= {f"ceil {u}": plain(round_u(u, mode="ceil")) for u in given["ceil"]}
    return {**found, "concise": concise(*given["concise"])}


def _pt100(given: Given) -> Found:
    return {str(t): sensors.pt_resistance(t) for t in (-200, -100, 0, 50, 100, 200, 850)}


def _nernst(given: Given) -> Found:
    return {str(t): 1000 * sensors.nernst(t) for t in (0, 25, 50)}


def _interval(given: Given) -> Found:
    found = method_a3(given["passed"], given["n"], given["present"], given["target"], given["confidence"])
    return {"interval": found.suggested, "rejection": found.confidence, "low": found.low, "high": found.high}


KINDS: dict[str, Callable[[Given], Found]] = {
    "readings": _readings,
    "fit": _fit,
    "both axes": _both_axes,
    "budget": _budget,
    "limits": _limits,
    "end gauge": _end_gauge,
    "risk": _risk,
    "quantiles": _quantiles,
    "conformance": _conformance,
    "k": _k,
    "trapezoid": _trapezoid,
    "rounding": _rounding,
    "pt100": _pt100,
    "nernst": _nernst,
    "interval": _interval,
}


def table(checks: list[Check]) -> str:
    """The checks as text, one a line, failures marked; the last line counts."""
    lines = [f"{'case':<24} {'quantity':<15} {'published':>24} {'computed':>24} {'deviation':>10} {'allowed':>9}"]
    for check in checks:
        computed = f"{check.computed:.15g}" if isinstance(check.computed, float) else str(check.computed)
        size = f"{check.deviation:10.2g} {check.allowed:9.2g}" if isinstance(check.computed, float) else " " * 20
        verdict = "ok" if check.passed else "FAILED"
        note = f"  ({check.note})" if check.note else ""
        lines.append(f"{check.case:<24} {check.name:<15} {check.published:>24} {computed:>24} {size}  {verdict}{note}")
    failed = sum(not check.passed for check in checks)
    count = len({check.case for check in checks})
    lines.append(f"{len(checks)} published numbers of {count} cases, {failed} not reproduced")
    return "\n".join(lines)
