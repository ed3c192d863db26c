"""A dossier as CSV: the results of every point, then every raw reading; units in the head, a point as decimal mark."""

import csv
from collections.abc import Iterator
from io import StringIO

from calibration.compute import PointResult
from calibration.documents.dossier import Dossier
from calibration.documents.figures import alongside, degrees, rounded, uncertain
from calibration.record import Point

Row = list[str]


def render(d: Dossier) -> bytes:
    """UTF-8, comma, CRLF (RFC 4180). ``kind`` says whether a line is a ``point`` or a ``reading``."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(head(d))
    writer.writerows(_points(d))
    writer.writerows(_readings(d))
    return out.getvalue().encode()


def head(d: Dossier) -> Row:
    unit = d.procedure.unit
    measured = [f"{name} [{unit}]" for name in ("point", "reference", "indication", "error", "U")]
    rest = ["k", f"u [{unit}]", "nu_eff", f"s [{unit}]", "n", f"tolerance [{unit}]", "p_conform", "verdict"]
    return ["kind", "certificate", "run", "check", *measured, *rest, "direction", "series", "number", "time"]


def _points(d: Dossier) -> Iterator[Row]:
    for name, run in d.results.items():
        for p in run.points:
            yield ["point", d.number, name, _yes(p.check), f"{p.nominal:g}", *_result(p), "", "", "", ""]


def _result(p: PointResult) -> Row:
    decided = ["", "", ""]
    if p.decision is not None:
        decided = [f"{p.decision.limits.half:.6g}", rounded(p.decision.p_conform, "0.000001"), p.decision.verdict]
    return [
        alongside(p.reference, p.printed),
        alongside(p.indication, p.printed),
        p.printed.y,
        p.printed.U,
        rounded(p.expanded.k, "0.01"),
        uncertain(p.expanded.u),
        degrees(p.expanded.nu).replace("∞", "inf"),
        uncertain(p.s),
        str(p.n),
        *decided,
    ]


def _readings(d: Dossier) -> Iterator[Row]:
    """As they were read: no correction, neither of the item nor of the standard."""
    for name, run in d.record.runs().items():
        for visit in run.points:
            yield from _visit(d, name, visit)


def _visit(d: Dossier, name: str, visit: Point) -> Iterator[Row]:
    for i, sample in enumerate(visit.readings, 1):
        values = [visit.nominal, sample.x, sample.I, *[""] * 10]
        where = [visit.direction, str(visit.series), str(i), sample.t]
        yield ["reading", d.number, name, _yes(visit.check), *values, *where]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
