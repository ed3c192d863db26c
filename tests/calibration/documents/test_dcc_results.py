"""Round trip: the numbers in the XML are the record's, as found and as left apart."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from calibration.compute import RunResult
from calibration.documents import dcc
from calibration.documents.dossier import Dossier
from calibration.documents.figures import alongside
from tests.calibration.documents.dcc_structure import DCC, SI
from tests.calibration.documents.given import adjusted, dossier
from tests.calibration.documents.test_pdf import full
from tests.calibration.example import PROCEDURE

LEFT = f"{DCC}measurementResults/{DCC}measurementResult/{DCC}results/{DCC}result[@refType='basic_measurementResult']"
FOUND = f".//{DCC}influenceCondition[@refType='basic_adjustment']"
CELSIUS = PROCEDURE.replace('unit = "mm"', 'unit = "°C"')


def root(d: Dossier) -> ET.Element:
    return ET.fromstring(dcc.render(d))  # noqa: S314 - our own bytes


def quantity(place: ET.Element, kind: str) -> ET.Element:
    found = place.find(f".//{DCC}quantity[@refType='{kind}']")
    assert found is not None
    return found


def words(place: ET.Element, name: str) -> list[list[str]]:
    return [str(e.text).split() for e in place.iter(f"{SI}{name}")]


def place(d: Dossier, where: str) -> ET.Element:
    found = root(d).find(where)
    assert found is not None
    return found


def same(where: ET.Element, run: RunResult) -> None:
    error = quantity(where, "basic_measurementError")
    assert words(error, "valueXMLList")[0] == [p.printed.y for p in run.points]
    assert words(error, "valueExpandedMUXMLList") == [[p.printed.U for p in run.points]]
    assert words(error, "coverageFactorXMLList") == [["2.00" if p.expanded.k == 2 else _k(p) for p in run.points]]
    assert words(error, "coverageProbabilityXMLList") == [["0.9545"]]
    references = [alongside(p.reference, p.printed) for p in run.points]
    assert words(quantity(where, "basic_referenceValue"), "valueXMLList") == [references]
    indications = [alongside(p.indication, p.printed) for p in run.points]
    assert words(quantity(where, "basic_measuredValue"), "valueXMLList") == [indications]
    verdicts = error.find(f".//{DCC}conformityXMLList")
    assert verdicts is not None
    assert str(verdicts.text).split() == [p.decision.verdict for p in run.points if p.decision]


def _k(p: Any) -> str:
    from calibration.documents.figures import rounded

    return rounded(p.expanded.k, "0.01")


def test_as_left_is_the_result_and_as_found_an_influence() -> None:
    d = dossier(adjusted())
    same(place(d, LEFT), d.results["as_left"])
    same(place(d, FOUND), d.results["as_found"])
    status = place(d, FOUND).find(f"{DCC}status")
    assert status is not None
    assert status.text == "beforeAdjustment"


def test_where_nothing_was_adjusted_as_found_is_the_result() -> None:
    d = dossier()
    same(place(d, LEFT), d.results["as_found"])
    assert root(d).find(FOUND) is None


def test_temperatures_are_given_in_kelvin_too_and_errors_stay() -> None:
    d = dossier(adjusted(), text=CELSIUS)
    reference = quantity(place(d, LEFT), "basic_referenceValue")
    kelvin, celsius = words(reference, "valueXMLList")
    assert words(reference, "unitXMLList") == [[r"\kelvin"], [r"\degreecelsius"]]
    assert [Decimal(a) - Decimal(b) for a, b in zip(kelvin, celsius, strict=True)] == [Decimal("273.15")] * len(kelvin)
    error = quantity(place(d, LEFT), "basic_measurementError")
    assert words(error, "valueXMLList")[0] == words(error, "valueXMLList")[1]
    assert words(error, "valueExpandedMUXMLList")[0] == words(error, "valueExpandedMUXMLList")[1]


def test_limits_are_on_both_sides() -> None:
    d = dossier(adjusted())
    low = words(quantity(place(d, LEFT), "basic_toleranceLimitLower"), "valueXMLList")[0]
    high = words(quantity(place(d, LEFT), "basic_toleranceLimitUpper"), "valueXMLList")[0]
    assert [Decimal(a) for a in low] == [-Decimal(b) for b in high]
    assert Decimal(high[0]) == Decimal("0.65")


def test_the_correction_can_be_computed_with() -> None:
    d = dossier(adjusted())
    fit = d.results["as_found"].fit
    assert fit is not None
    result = place(d, f".//{DCC}result[@refType='basic_correction']")
    values = [float(value[0]) for value in words(result, "value")]
    assert len(values) == 2
    assert abs(values[0] + values[1] * 12 - fit.curve.value(12)) < 1e-4
    assert words(result, "unit") == [[r"\milli\metre"], [r"\one"]]


def test_the_standards_certificate_has_its_hash() -> None:
    certificate = place(dossier(full()), f".//{DCC}measuringEquipment/{DCC}certificate")
    assert [(e.tag.rpartition("}")[2], e.text) for e in certificate if e.text and e.text.strip()] == [
        ("referralID", "CERT-5"),
        ("procedure", "SHA-256"),
        ("value", "ab" * 32),
    ]


def test_the_room_is_given_by_its_ends() -> None:
    made = root(dossier(full()))
    low, high = quantity(made, "basic_temperatureMin"), quantity(made, "basic_temperatureMax")
    assert words(low, "valueXMLList") == [["293.25"], ["20.1"]]
    assert words(high, "valueXMLList")[1] == ["21.4"]
