from typing import Any

import msgspec

from calibration.documents import sections
from calibration.documents.texts import Texts
from calibration.record import CertificatePoint, Change, Person, Span, Standard
from tests.calibration.documents.given import LAB, RELEASED, dossier, record, sheet, text

EN, DE = Texts("en"), Texts("de")


def said(draw: Any, *more: Any, t: Texts = EN, **changes: Any) -> str:
    paper = sheet()
    draw(paper, dossier(record(**changes)), t, *more)
    return text(paper)


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    found = said(sections.item, begin="", end="", history=[], state="draft")
    assert "Serial number not stated" in found
    assert "Condition on receipt not stated" in found
    assert "Owner not stated" in found
    assert "Issued not released" in found


def test_the_laboratory_is_the_place_where_no_other_is_said() -> None:
    assert sections.place(dossier()) == "Lab of Examples, Street 1, 12345 Town"
    assert sections.place(dossier(lab=msgspec.structs.replace(LAB, place="Hall 3"))) == "Hall 3"
    assert sections.place(dossier(record(place="at the customer's"))) == "at the customer's"


def test_work_of_several_days_has_two_dates() -> None:
    days = dict(sections.dates(dossier(record(end="2026-05-05T10:00:00Z")), DE))
    assert days["Kalibriert"] == "04.05.2026 – 05.05.2026"
    assert dict(sections.dates(dossier(), DE))["Kalibriert"] == "04.05.2026"


def test_uncertainties_of_a_certificate_are_one_or_a_range() -> None:
    points = [CertificatePoint(x="0", U="0.010"), CertificatePoint(x="1", U="0.006")]
    assert sections.uncertainties(Standard(id="s", points=points), DE) == "0,006 – 0,010"
    assert sections.uncertainties(Standard(id="s", points=points[:1]), DE) == "0,010"
    assert sections.uncertainties(Standard(id="s", U="0.5"), DE) == "0,5"


def test_the_room_has_its_order_its_words_and_its_limits() -> None:
    room = {
        "air_density": Span(min="1.1", mean="1.2", max="1.3", unit="kg/m³"),
        "humidity": Span(min="40", mean="41", max="42", unit="%"),
        "temperature": Span(min="20.1", mean="20.2", max="20.3", unit="°C"),
        "vibration": Span(min="0", mean="0", max="1"),
    }
    found = said(sections.environment, environment=room, t=DE)
    order = [found.index(word) for word in ("Temperatur", "Relative Feuchte", "Luftdichte", "vibration")]
    assert order == sorted(order)
    assert "20,1 20,2 20,3 °C" in found
    assert "Nicht aufgezeichnet" in said(sections.environment, t=DE)


def test_names_that_were_only_typed_are_printed_as_such() -> None:
    found = said(sections.people)
    assert "Reviewed Ben 2026-05-05 09:30 UTC+02:00 name as typed, not authenticated" in found
    assert "Authorised for release Cara 2026-05-06 12:00 UTC authenticated by the server" in found
    assert "has not been released" in said(sections.people, history=RELEASED[:2], state="reviewed")


def test_a_step_that_was_taken_twice_counts_as_it_was_last() -> None:
    again = Change(state="performed", by=Person(name="Dora", at="2026-05-05T08:00:00Z"))
    found = said(sections.people, history=[RELEASED[0], again, *RELEASED[1:]])
    assert "Performed Dora" in found
    assert "Anna" not in found


def test_deviations_are_those_of_people_and_those_that_were_computed() -> None:
    found = said(sections.remarks, ["20: the scatter is great."], deviations=["The bath stopped."])
    assert "• The bath stopped. • 20: the scatter is great." in found
    assert "None." in said(sections.remarks, [])


def test_opinions_have_somebody_who_answers_for_them() -> None:
    found = said(sections.opinions, opinions=["It wears."])
    assert "not results of the calibration" in found
    assert "Responsible for them: Cara." in found
    assert said(sections.opinions) == ""
    assert "nobody" in said(sections.opinions, opinions=["x"], history=[], state="draft")
