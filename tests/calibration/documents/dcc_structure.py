"""What a DCC 3.3.0 may contain where, as far as labwire writes it: children in their order, ``!`` where one is needed.

By local name; a name has one meaning in what is written here.
"""

import base64
import re
from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

DCC, SI = "{https://ptb.de/dcc}", "{https://ptb.de/si}"
_TEXT = "content!"
_RICH = "name content file formula"
_CONTACT = "name! eMail phone fax link location! descriptionData"
_STATEMENT = (
    "name description countryCodeISO3166_1 convention traceable norm reference link declaration valid validXMLList "
    "date period respAuthority conformity conformityXMLList data nonSIDefinition nonSIUnit location"
)
_NUMBER = "noQuantity charsXMLList real list hybrid complex constant realListXMLList complexListXMLList"
ORDER = {
    "digitalCalibrationCertificate": "administrativeData! measurementResults! comment document Signature",
    "administrativeData": "dccSoftware! refTypeDefinitions coreData! items! calibrationLaboratory! respPersons! "
    "customer! statements",
    "dccSoftware": "software!",
    "usedSoftware": "software!",
    "software": "name! release! type description",
    "refTypeDefinitions": "refTypeDefinition!",
    "refTypeDefinition": "name! description namespace! link! release value procedure",
    "coreData": "countryCodeISO3166_1! usedLangCodeISO639_1! mandatoryLangCodeISO639_1! uniqueIdentifier! "
    "identifications receiptDate beginPerformanceDate! endPerformanceDate! performanceLocation! issueDate "
    "reportAmendedSubstituted previousReport",
    "reportAmendedSubstituted": "typeOfChange! replacedUniqueIdentifier!",
    "items": "name equipmentClass description owner manufacturer identifications item!",
    "item": "name! equipmentClass description owner installedSoftwares manufacturer model identifications! "
    "itemQuantities subItems",
    "manufacturer": "name! eMail phone fax link location",
    "identifications": "identification!",
    "identification": "issuer! value! name",
    "itemQuantities": "itemQuantity!",
    "itemQuantity": f"name description {_NUMBER}",
    "calibrationLaboratory": "calibrationLaboratoryCode contact! cryptElectronicSeal",
    "contact": _CONTACT,
    "customer": _CONTACT,
    "respPersons": "respPerson!",
    "respPerson": "person! description role mainSigner",
    "person": "name! eMail phone fax link location",
    "statements": "statement!",
    "statement": _STATEMENT,
    "metaData": _STATEMENT,
    "measurementResults": "usedMethods usedSoftware measuringEquipments influenceConditions measurementMetaData "
    "measurementResult!",
    "measurementResult": "name! description usedMethods! usedSoftware! measuringEquipments influenceConditions! "
    "results! measurementMetaData",
    "usedMethods": "usedMethod!",
    "usedMethod": "name! description norm reference link usedMethodQuantities",
    "measuringEquipments": "measuringEquipment!",
    "measuringEquipment": "name! equipmentClass description certificate manufacturer model identifications",
    "certificate": "referral! referralID! procedure! value! description",
    "influenceConditions": "influenceCondition!",
    "influenceCondition": "name! description status certificate data!",
    "results": "result!",
    "result": "name! description data!",
    "quantity": f"name description {_NUMBER} relativeUncertainty usedMethods usedSoftware measuringEquipments "
    "influenceConditions measurementMetaData",
    "list": "name description dateTime list quantity usedMethods measurementMetaData",
    "measurementMetaData": "metaData!",
    "document": "name description fileName! mimeType! dataBase64!",
    "formula": "latex mathml",
    "hybrid": "realListXMLList!",
    "real": "label quantityTypeQUDT value! unit! significantDigit dateTime measurementUncertaintyUnivariate",
    "realListXMLList": "labelXMLList quantityTypeQUDTXMLList valueXMLList! unitXMLList! significantDigitXMLList "
    "dateTimeXMLList measurementUncertaintyUnivariateXMLList",
    "measurementUncertaintyUnivariate": "expandedMU standardMU",
    "standardMU": "valueStandardMU! distribution",
    "measurementUncertaintyUnivariateXMLList": "expandedMUXMLList standardMUXMLList",
    "expandedMUXMLList": "valueExpandedMUXMLList! coverageFactorXMLList! coverageProbabilityXMLList! "
    "distributionXMLList",
    "name": _TEXT,
    "referral": _TEXT,
    "description": _RICH,
    "declaration": _RICH,
    "text": _RICH,
    "further": _RICH,
    "data": "",
    "location": "",
    "comment": "",
}
ANY_ORDER = {
    "administrativeData": None,
    "data": "text formula byteData xml quantity list",
    "location": "city countryCode postCode postOfficeBox state street streetNo further positionCoordinates",
}
WORDS = {
    "issuer": "manufacturer calibrationLaboratory customer owner other",
    "performanceLocation": "laboratory customer laboratoryBranch customerBranch other",
    "status": "beforeAdjustment afterAdjustment beforeRepair afterRepair",
    "conformity": "pass fail conditionalPass conditionalFail noPass noFail",
    "typeOfChange": "amended substituted",
    "type": "application bios driver editor firmware library os other",
    "mainSigner": "true false",
    "traceable": "true false",
}
DECIMAL = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
UNIT = re.compile(r"(\\[a-z]+(\\tothe\{-?\d+\})?)+")
DATES = ("receiptDate", "beginPerformanceDate", "endPerformanceDate", "issueDate", "date")


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def problems(root: Element) -> list[str]:
    """Everything that is not as the schema wants it."""
    languages = [e.text for e in root.iter(f"{DCC}usedLangCodeISO639_1")]
    return [f"{local(e)}: {problem}" for e in root.iter() for problem in _of(e, languages)]


def _of(element: Element, languages: list[str | None]) -> Iterator[str]:
    if not element.tag.startswith((DCC, SI)):
        return
    yield from _children(element)
    yield from _leaf(element)
    said = [c.get("lang") for c in element if local(c) == "content"]
    if said and sorted(map(str, said)) != sorted(map(str, languages)):
        yield f"is said in {said}, declared are {languages}"


def _children(element: Element) -> Iterator[str]:
    name, found = local(element), [local(c) for c in element]
    if name not in ORDER:
        if found:
            yield f"has children {found} and is not in the table"
        return
    allowed = [word.rstrip("!") for word in ORDER[name].split()]
    yield from (f"lacks {word[:-1]}" for word in ORDER[name].split() if word.endswith("!") and word[:-1] not in found)
    if name in ANY_ORDER:
        allowed = (ANY_ORDER[name] or " ".join(allowed)).split()
    if name == "comment":
        return
    if not found and name in ("data", "location"):
        yield "is empty"
    unknown = [child for child in found if child not in allowed]
    if unknown:
        yield f"may not have {unknown}"
    elif name not in ANY_ORDER and found != sorted(found, key=allowed.index):
        yield f"has its children in the order {found}"


def _leaf(element: Element) -> Iterator[str]:
    if len(element):
        return
    name, text = local(element), element.text or ""
    if not re.fullmatch(r"\S+(\s+\S+)*", text):
        yield f"is {text!r}"
    if name in WORDS and text not in WORDS[name].split():
        yield f"is {text!r}"
    if name == "conformityXMLList" and not set(text.split()) <= set(WORDS["conformity"].split()):
        yield f"is {text!r}"
    if name in DATES:
        date.fromisoformat(text)
    if name == "dataBase64":
        base64.b64decode(text, validate=True)
    if element.tag.startswith(SI):
        pattern = UNIT if name.startswith("unit") else DECIMAL
        yield from (f"has {word!r}" for word in text.split() if not pattern.fullmatch(word))
