"""Elements of a DCC: text in both languages, numbers with units and uncertainty."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # only written here

from calibration.documents.texts import LANGUAGES, Texts
from calibration.documents.units import Scale

DCC, SI, XSI = "https://ptb.de/dcc", "https://ptb.de/si", "http://www.w3.org/2001/XMLSchema-instance"
Element = ET.Element
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Expanded uncertainties of a list, with k each and one probability."""

    U: list[str]
    k: list[str]
    p: str


def child(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """An element of the DCC's namespace."""
    found = ET.SubElement(parent, f"{{{DCC}}}{name}", attributes)
    if text is not None:
        found.text = clean(text)
    return found


def si(parent: Element, name: str, text: str | None = None) -> Element:
    """An element of D-SI."""
    found = ET.SubElement(parent, f"{{{SI}}}{name}")
    found.text = text
    return found


def clean(text: str) -> str:
    """Without what XML cannot carry, and with single blanks: the schema's own strings have no others."""
    return " ".join(_NOT_XML.sub("", text).split())


def phrase(parent: Element, name: str, key: str, **values: str) -> Element:
    """A text of the catalogue, in every language."""
    found = child(parent, name)
    for language in LANGUAGES:
        child(found, "content", Texts(language)(key, **values), lang=language)
    return found


def known(parent: Element, name: str, group: str, key: str) -> Element:
    """A name of the catalogue in every language; somebody's own stays as it is."""
    found = child(parent, name)
    for language in LANGUAGES:
        child(found, "content", Texts(language).known(group, key), lang=language)
    return found


def words(parent: Element, name: str, text: str) -> Element:
    """What a person wrote, once: the same for every language that is declared."""
    found = child(parent, name)
    for language in LANGUAGES:
        child(found, "content", text, lang=language)
    return found


def real(parent: Element, value: str, macro: str, u: str = "") -> None:
    """One number, with a standard uncertainty where there is one."""
    found = si(parent, "real")
    si(found, "value", value)
    si(found, "unit", macro)
    if u:
        uncertain = si(si(found, "measurementUncertaintyUnivariate"), "standardMU")
        si(uncertain, "valueStandardMU", u)


def numbers(parent: Element, values: list[str], scales: Sequence[Scale], uncertain: Uncertain | None = None) -> None:
    """A list in one unit, or in several as a hybrid."""
    place = si(parent, "hybrid") if len(scales) > 1 else parent
    for scale in scales:
        found = si(place, "realListXMLList")
        si(found, "valueXMLList", " ".join(scale.of(values)))
        si(found, "unitXMLList", scale.macro)
        if uncertain is not None:
            expanded = si(si(found, "measurementUncertaintyUnivariateXMLList"), "expandedMUXMLList")
            si(expanded, "valueExpandedMUXMLList", " ".join(Scale(scale.macro, scale.exponent).of(uncertain.U)))
            si(expanded, "coverageFactorXMLList", " ".join(uncertain.k))
            si(expanded, "coverageProbabilityXMLList", uncertain.p)
