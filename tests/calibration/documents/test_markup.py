from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from calibration.documents import markup
from calibration.documents.units import unit


def parent() -> ET.Element:
    return ET.Element(f"{{{markup.DCC}}}x")


def test_a_phrase_is_said_in_every_language() -> None:
    found = markup.phrase(parent(), "name", "item.d")
    assert [(c.get("lang"), c.text) for c in found] == [("en", "Resolution"), ("de", "Auflösung")]


@given(st.text())
def test_any_text_becomes_xml(text: str) -> None:
    place = parent()
    markup.child(place, "value", text)
    (again,) = ET.fromstring(ET.tostring(place, encoding="utf-8"))  # noqa: S314 - our own bytes
    assert (again.text or "") == markup.clean(text)
    assert "  " not in markup.clean(text)


def test_numbers_in_two_units_are_a_hybrid() -> None:
    place = parent()
    uncertain = markup.Uncertain(["0.1", "0.2"], ["2.00", "2.00"], "0.9545")
    markup.numbers(place, ["1.0", "2.0"], unit("bar").scales(difference=True), uncertain)
    (hybrid,) = place
    assert hybrid.tag == f"{{{markup.SI}}}hybrid"
    pascal, bar = hybrid
    assert [e.text for e in pascal][:2] == ["100000 200000", r"\pascal"]
    assert [e.text for e in bar][:2] == ["1.0 2.0", r"\bar"]
    assert [e.text for e in pascal.iter(f"{{{markup.SI}}}valueExpandedMUXMLList")] == ["10000 20000"]
