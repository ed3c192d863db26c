"""A dossier as Digital Calibration Certificate 3.3.0 of PTB, with D-SI 2.2.1, structured after PTB's good practice.

Where something was adjusted, as found is an influence condition (basic_adjustment, beforeAdjustment) and as left the
result. Written with the standard library; the schema is checked in the tests, where it is provided.
"""

import base64
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree as ET  # only written here

from calibration import record
from calibration.documents import dcc_results as results
from calibration.documents.dossier import Dossier, moment
from calibration.documents.findings import overall, rule, uncertainty_text
from calibration.documents.markup import DCC, SI, XSI, Element, child, clean, phrase, real, words
from calibration.documents.texts import LANGUAGES, Texts
from calibration.documents.units import unit
from calibration.exact import exact

VERSION = "3.3.0"
REF_TYPES = "https://digilab.ptb.de/dkd/refType/vocab/index.php?tema=2"
OWN = "urn:labwire:calibration"
"""The namespace of what the DCC has no place for."""


def render(d: Dossier) -> bytes:
    """The XML. The same dossier gives the same bytes."""
    for prefix, name in (("dcc", DCC), ("si", SI), ("xsi", XSI), ("labwire", OWN)):
        ET.register_namespace(prefix, name)
    root = ET.Element(f"{{{DCC}}}digitalCalibrationCertificate", {"schemaVersion": VERSION})
    root.set(f"{{{XSI}}}schemaLocation", f"{DCC} {DCC}/v{VERSION}/dcc.xsd")
    _administrative(child(root, "administrativeData"), d)
    _measurement(child(child(root, "measurementResults"), "measurementResult"), d)
    _opinions(root, d)
    _document(root, d)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _administrative(place: Element, d: Dossier) -> None:
    _software(child(place, "dccSoftware"), d)
    definition = child(child(place, "refTypeDefinitions"), "refTypeDefinition")
    words(definition, "name", "basic")
    child(definition, "namespace", "basic")
    child(definition, "link", REF_TYPES)
    _core(child(place, "coreData"), d)
    _item(child(child(place, "items"), "item"), d)
    _laboratory(child(child(place, "calibrationLaboratory"), "contact"), d)
    _people(child(place, "respPersons"), d)
    _contact(child(place, "customer"), d.customer or "–", d)
    _statements(child(place, "statements"), d)


def _software(place: Element, d: Dossier) -> None:
    software = child(place, "software")
    words(software, "name", d.record.software.get("name", "labwire"))
    child(software, "release", d.record.software.get("version", "") or "unknown")
    child(software, "type", "application")
    if d.record.software.get("selftest"):
        words(software, "description", d.record.software["selftest"])


def _core(place: Element, d: Dossier) -> None:
    child(place, "countryCodeISO3166_1", d.lab.country)
    for language in LANGUAGES:
        child(place, "usedLangCodeISO639_1", language)
    child(place, "mandatoryLangCodeISO639_1", d.lab.language)
    child(place, "uniqueIdentifier", d.number)
    ends = [_day(stamp) for stamp in (d.record.begin, d.record.end) if stamp] or [f"{d.dated:%Y-%m-%d}"]
    if d.record.received:
        child(place, "receiptDate", _day(d.record.received))
    child(place, "beginPerformanceDate", ends[0])
    child(place, "endPerformanceDate", ends[-1])
    child(place, "performanceLocation", "customer" if d.record.place in ("customer", d.customer) else "laboratory")
    if d.issued:
        child(place, "issueDate", _day(d.issued))
    if d.record.rev > 1:
        replaced = child(place, "reportAmendedSubstituted")
        child(replaced, "typeOfChange", "substituted")
        before = d.record.rev - 1
        child(replaced, "replacedUniqueIdentifier", d.record.id if before == 1 else f"{d.record.id} rev. {before}")


def _day(stamp: str) -> str:
    return f"{moment(stamp):%Y-%m-%d}"


def _item(place: Element, d: Dossier) -> None:
    it = d.record.item
    words(place, "name", " ".join(part for part in (it.maker, it.model) if part) or it.id)
    if it.condition:
        words(place, "description", it.condition)
    if it.maker:
        words(child(place, "manufacturer"), "name", it.maker)
    if it.model:
        child(place, "model", it.model)
    marks = child(place, "identifications")
    _identified(marks, "calibrationLaboratory", it.id, "item.id", "basic_laboratoryNumber")
    _identified(marks, "manufacturer", it.serial, "item.serial", "basic_serialNumber")
    _identified(marks, "owner", it.asset, "item.asset", "basic_inventoryNumber")
    _identified(marks, "owner", it.channel, "item.channel", "")
    if exact(it.d):
        quantity = child(child(place, "itemQuantities"), "itemQuantity", refType="basic_resolution")
        phrase(quantity, "name", "item.d")
        real(quantity, it.d, unit(d.procedure.unit).of_difference)


def _identified(place: Element, issuer: str, value: str, key: str, ref_type: str) -> None:
    if clean(value):
        mark = child(place, "identification", **({"refType": ref_type} if ref_type else {}))
        child(mark, "issuer", issuer)
        child(mark, "value", value)
        phrase(mark, "name", key)


def _laboratory(place: Element, d: Dossier) -> None:
    words(place, "name", d.lab.name)
    for name, value in (("eMail", d.lab.email), ("phone", d.lab.phone)):
        if clean(value):
            child(place, name, value)
    _location(child(place, "location"), d.lab.address, d)


def _contact(place: Element, lines: str, d: Dossier) -> None:
    """The first line is the name, the others say where."""
    name, *rest = lines.splitlines() or ["–"]
    words(place, "name", name)
    _location(child(place, "location"), rest, d)


def _location(place: Element, lines: list[str], d: Dossier) -> None:
    child(place, "countryCode", d.lab.country)
    for line in lines:
        if clean(line):
            words(place, "further", line)


def _people(place: Element, d: Dossier) -> None:
    """Who signed for it comes first; a record that nobody has touched names the laboratory."""
    steps = [step for state in ("released", "reviewed", "performed") if (step := d.step(state))]
    for i, step in enumerate(steps):
        person = child(place, "respPerson")
        words(child(person, "person"), "name", step.by.name or "–")
        phrase(person, "description", "people.authenticated" if step.by.authenticated else "people.typed")
        child(person, "role", Texts("en")(f"role.{step.state}"))
        child(person, "mainSigner", "true" if i == 0 and step.state == "released" else "false")
    if not steps:
        words(child(child(place, "respPerson"), "person"), "name", d.lab.name)


def _statements(place: Element, d: Dossier) -> None:
    for key in ("item", "stability", "whole"):
        phrase(child(place, "statement"), "declaration", f"statement.{key}")
    phrase(child(place, "statement"), "declaration", "statement.inhouse", lab=d.lab.name)
    trace = child(place, "statement", refType="basic_metrologicallyTraceable")
    child(trace, "traceable", "true")
    phrase(trace, "declaration", "standards.text")
    for text in d.record.external:
        words(child(place, "statement"), "declaration", text)
    _interval(place, d)
    if d.procedure.tolerance is not None:
        _conformity(place, d)


def _interval(place: Element, d: Dossier) -> None:
    if d.record.due is None:
        phrase(child(place, "statement"), "declaration", "statement.interval")
        return
    due = child(place, "statement", refType="basic_recalibration")
    phrase(due, "declaration", "due.agreed", who=d.record.due.agreed_by)
    child(due, "date", _day(d.record.due.date))


def _conformity(place: Element, d: Dossier) -> None:
    """The rule, and the verdict on the last run."""
    name, run = list(d.results.items())[-1]
    statement = child(place, "statement", refType="basic_conformity")
    said = child(statement, "declaration")
    for language in LANGUAGES:
        t = Texts(language)
        child(said, "content", f"{rule(d, t)} {overall(name, run, t)}.", lang=language)
    verdicts = [p.decision.verdict for p in run.points if p.decision is not None]
    child(statement, "conformity", max(verdicts, key=["pass", "conditionalPass", "conditionalFail", "fail"].index))


def _measurement(place: Element, d: Dossier) -> None:
    words(place, "name", d.procedure.title)
    _methods(child(place, "usedMethods"), d)
    _software(child(place, "usedSoftware"), d)
    results.equipment(child(place, "measuringEquipments"), d)
    results.influences(child(place, "influenceConditions"), d)
    results.results(child(place, "results"), d)
    _deviations(place, d)


def _methods(place: Element, d: Dossier) -> None:
    """The procedure; how U was obtained; by which rule conformity was decided."""
    method = child(place, "usedMethod", refType="basic_calibrationMethod")
    words(method, "name", d.procedure.title)
    if clean(d.procedure.method):
        child(method, "norm", d.procedure.method)
    child(method, "reference", f"{d.procedure.id} rev. {d.procedure.rev}")
    if d.record.procedure.sha256:
        child(method, "reference", f"SHA-256 {d.record.procedure.sha256}")
    _explained(place, "basic_uncertainty", "uncertainty", partial(uncertainty_text, d), "JCGM 100", "EA-4/02")
    if d.procedure.tolerance is not None:
        _explained(place, "basic_conformity", "rule", partial(rule, d), "JCGM 106", "ILAC-G8")


def _explained(place: Element, kind: str, key: str, text: Callable[[Texts], str], *norms: str) -> None:
    method = child(place, "usedMethod", refType=kind)
    phrase(method, "name", key)
    said = child(method, "description")
    for language in LANGUAGES:
        child(said, "content", text(Texts(language)), lang=language)
    for norm in norms:
        child(method, "norm", norm)


def _deviations(place: Element, d: Dossier) -> None:
    if d.record.deviations:
        found = child(place, "measurementMetaData")
        for text in d.record.deviations:
            data = child(found, "metaData")
            phrase(data, "name", "deviations")
            words(data, "declaration", text)


def _opinions(root: Element, d: Dossier) -> None:
    if d.record.opinions:
        comment = child(root, "comment")
        for text in d.record.opinions:
            ET.SubElement(comment, f"{{{OWN}}}opinion").text = clean(text)


def _document(root: Element, d: Dossier) -> None:
    document = child(root, "document")
    phrase(document, "name", "record")
    child(document, "fileName", "record.json")
    child(document, "mimeType", "application/json")
    child(document, "dataBase64", base64.b64encode(record.write(d.record)).decode())
