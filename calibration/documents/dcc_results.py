"""The measured part of a DCC: standards, room, results as found and as left, the correction."""

from calibration.compute import PointResult, RunResult
from calibration.documents.dossier import Dossier
from calibration.documents.figures import alongside, rounded
from calibration.documents.markup import (
    Element,
    Uncertain,
    child,
    clean,
    known,
    numbers,
    phrase,
    real,
    words,
)
from calibration.documents.units import Unit, unit
from calibration.exact import exact
from calibration.fit import Fit
from calibration.record import Standard
from calibration.rounding import plain, printed, round_u

_ROOM = {"temperature": "basic_temperature", "humidity": "basic_humidityRelative", "pressure": "basic_pressureAmbient"}


def equipment(place: Element, d: Dossier) -> None:
    """Every standard, with the certificate that makes it one."""
    for s in d.record.standards:
        _standard(child(place, "measuringEquipment", refType="basic_normalUsed"), s)


def _standard(place: Element, s: Standard) -> None:
    words(place, "name", f"{s.id} ({s.class_})" if s.class_ else s.id)
    if s.certificate and s.file_sha256:
        certificate = child(place, "certificate")
        words(certificate, "referral", f"{s.certificate}, {s.laboratory}" if s.laboratory else s.certificate)
        child(certificate, "referralID", s.certificate)
        child(certificate, "procedure", "SHA-256")
        child(certificate, "value", s.file_sha256)
    marks = child(place, "identifications")
    _mark(marks, "calibrationLaboratory", s.id, "standard.id", "")
    _mark(marks, "manufacturer", s.serial, "item.serial", "basic_serialNumber")
    if not s.file_sha256:
        _mark(marks, "other", s.certificate, "standard.certificate", "basic_certificateNumber")


def _mark(place: Element, issuer: str, value: str, key: str, ref_type: str) -> None:
    if clean(value):
        mark = child(place, "identification", **({"refType": ref_type} if ref_type else {}))
        child(mark, "issuer", issuer)
        child(mark, "value", value)
        phrase(mark, "name", key)


def influences(place: Element, d: Dossier) -> None:
    """The room; as found where something was adjusted after it; that nothing was recorded, where that is so."""
    for name, seen in d.record.environment.items():
        kind = _ROOM.get(name, "basic_environment")
        condition = child(place, "influenceCondition", refType=kind)
        known(condition, "name", "room", name)
        data = child(condition, "data")
        for end, value in (("Min", seen.min), ("Max", seen.max)):
            quantity = child(data, "quantity", refType=kind + end)
            phrase(quantity, "name", end.lower())
            numbers(quantity, [plain(exact(value))], unit(seen.unit).scales(difference=False))
    if not d.record.environment:
        condition = child(place, "influenceCondition", refType="basic_environment")
        phrase(condition, "name", "environment")
        phrase(child(condition, "data"), "text", "environment.none")
    if len(d.results) == 2:
        condition = child(place, "influenceCondition", refType="basic_adjustment")
        phrase(condition, "name", "as_found")
        child(condition, "status", "beforeAdjustment")
        _run(child(condition, "data"), d, d.results["as_found"])


def results(place: Element, d: Dossier) -> None:
    """The last run, and the correction."""
    name, run = list(d.results.items())[-1]
    result = child(place, "result", refType="basic_measurementResult")
    phrase(result, "name", f"results.{name}")
    _run(child(result, "data"), d, run)
    found = d.results.get("as_found")
    if found is not None and found.fit is not None:
        _correction(child(place, "result", refType="basic_correction"), found.fit, found, unit(d.procedure.unit), d)


def _run(place: Element, d: Dossier, run: RunResult) -> None:
    """The table as lists: one entry a point, in the order of the points."""
    table = child(place, "list", refType="basic_measurementTable")
    own, points = unit(d.procedure.unit), run.points
    _column(table, own, "point", "basic_nominalValue", [plain(exact(p.nominal)) for p in points])
    _column(table, own, "reference", "basic_referenceValue", [alongside(p.reference, p.printed) for p in points])
    _column(table, own, "indication", "basic_measuredValue", [alongside(p.indication, p.printed) for p in points])
    error = child(table, "quantity", refType="basic_measurementError")
    phrase(error, "name", "error")
    uncertain = Uncertain(
        [p.printed.U for p in points],
        [rounded(p.expanded.k, "0.01") for p in points],
        plain(exact(d.procedure.decision.p)),
    )
    numbers(error, [p.printed.y for p in points], own.scales(difference=True), uncertain)
    _about(error, own, points)


def _column(table: Element, own: Unit, key: str, ref_type: str, values: list[str]) -> None:
    quantity = child(table, "quantity", refType=ref_type)
    phrase(quantity, "name", key)
    numbers(quantity, values, own.scales(difference=False))
    if not own.known:
        _unknown(child(quantity, "measurementMetaData"), own)


def _about(error: Element, own: Unit, points: tuple[PointResult, ...]) -> None:
    """The verdicts with their limits, and what \\one stands for."""
    decided = [p for p in points if p.decision is not None]
    if own.known and not decided:
        return
    place = child(error, "measurementMetaData")
    if not own.known:
        _unknown(place, own)
    if not decided:
        return
    verdicts = child(place, "metaData", refType="basic_conformity")
    phrase(verdicts, "name", "conformity")
    child(verdicts, "conformityXMLList", " ".join(p.decision.verdict for p in decided if p.decision))
    data = child(verdicts, "data")
    for end, side in (("Lower", -1), ("Upper", 1)):
        limits = child(data, "quantity", refType=f"basic_toleranceLimit{end}")
        phrase(limits, "name", "tolerance")
        values = [plain(round_u(p.decision.limits.half, 6).normalize()) for p in decided if p.decision]
        numbers(limits, [f"-{v}" if side < 0 else v for v in values], own.scales(difference=True))


def _unknown(place: Element, own: Unit) -> None:
    child(child(place, "metaData"), "nonSIUnit", own.symbol)


def _correction(place: Element, fit: Fit, found: RunResult, own: Unit, d: Dossier) -> None:
    phrase(place, "name", "correction.name")
    data = child(place, "data")
    terms = " + ".join(f"b_{{{e}}} I^{{{e}}}" for e in fit.curve.exponents)
    child(child(data, "formula"), "latex", f"C(I) = {terms}")
    for e, b, u in zip(fit.curve.exponents, fit.powers, fit.u, strict=True):
        quantity = child(data, "quantity", refType="basic_coefficient")
        words(quantity, "name", f"b{e}")
        shown = printed(b, u, digits=4) if u else None
        value, spread = (shown.y, plain(round_u(u))) if shown else (plain(exact(b)), "")
        real(quantity, value, own.power(1 - e), spread)
    for key, end in (("min", fit.curve.low), ("max", fit.curve.high)):
        quantity = child(data, "quantity", refType=f"basic_range{key.capitalize()}")
        phrase(quantity, "name", key)
        numbers(quantity, [alongside(end, found.points[0].printed)], own.scales(difference=False))
