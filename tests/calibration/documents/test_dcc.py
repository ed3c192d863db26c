"""The DCC beside the schema: where $DCC_XSD names it, and beside the table of what is written here, always."""

import base64
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from calibration import record as records
from calibration.documents import dcc
from calibration.documents.dossier import Dossier
from calibration.record import Change, Item, Span
from tests.calibration.documents.dcc_structure import DCC, local, problems
from tests.calibration.documents.given import BEN, LAB, adjusted, dossier, record
from tests.calibration.documents.test_pdf import full
from tests.calibration.example import PROCEDURE

NO_LIMITS = PROCEDURE.replace('[tolerance]\nabs = 0.5\npct = 1.0\nof = "reference"\n', "")
CASES: dict[str, Dossier] = {
    "everything": dossier(full()),
    "as found only": dossier(),
    "a draft with nothing but readings": dossier(record(state="draft", history=[], begin="", end="")),
    "an amendment": dossier(record(rev=2, replaces="cd" * 32)),
    "no tolerance": dossier(adjusted(), text=NO_LIMITS),
    "degrees": dossier(adjusted(), text=PROCEDURE.replace('unit = "mm"', 'unit = "°C"')),
    "a unit of its own": dossier(adjusted(), text=PROCEDURE.replace('unit = "mm"', 'unit = "Digits"')),
    "odd texts": dossier(record(customer="\x07 a\n\n<b>", place="\t", item=Item(id="x", serial="  ", maker="<&>"))),
    "a room of its own": dossier(record(environment={"air_density": Span(min="1.18", mean="1.19", max="1.2")})),
}


def root(d: Dossier) -> ET.Element:
    return ET.fromstring(dcc.render(d))  # noqa: S314 - our own bytes


def texts(element: ET.Element, name: str) -> list[str | None]:
    return [found.text for found in element.iter(f"{DCC}{name}")]


@pytest.mark.parametrize("case", CASES)
def test_its_structure_is_that_of_the_schema(case: str) -> None:
    assert problems(root(CASES[case])) == []


@pytest.mark.parametrize("case", CASES)
def test_it_is_valid(case: str, tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    given = os.environ.get("DCC_XSD")
    if not given:
        pytest.skip("DCC_XSD does not name PTB's dcc.xsd, version 3.3.0: it is not part of this repository")
    schema = etree.XMLSchema(etree.parse(str(local_copy(Path(given), tmp_path))))
    schema.assertValid(etree.fromstring(dcc.render(CASES[case])))


def local_copy(given: Path, folder: Path) -> Path:
    """The schema and those it imports beside each other, so that none is fetched."""
    for file in (given if given.is_dir() else given.parent).rglob("*.xsd"):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r'(schemaLocation\s*=\s*")[^"]*?([^"/]+\.xsd)"', r'\1\2"', text)
        (folder / file.name).write_text(text, encoding="utf-8")
    return folder / ("dcc.xsd" if given.is_dir() else given.name)


def test_the_schemas_imports_are_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "si").mkdir()
    (tmp_path / "dcc.xsd").write_text('<x schemaLocation="https://ptb.de/si/v2.2.1/SI_Format.xsd"/>')
    (tmp_path / "si/SI_Format.xsd").write_text("<y/>")
    out = tmp_path / "out"
    out.mkdir()
    assert local_copy(tmp_path / "dcc.xsd", out).read_text() == '<x schemaLocation="SI_Format.xsd"/>'
    assert (out / "SI_Format.xsd").exists()


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda e: e[0].remove(e[0].find(f"{DCC}coreData")), "administrativeData: lacks coreData"),
        (lambda e: e.insert(0, e[1]), "has its children in the order"),
        (lambda e: ET.SubElement(e[0], f"{DCC}surprise"), "may not have"),
        (lambda e: setattr(e.find(f".//{DCC}issuer"), "text", "me"), "issuer: is 'me'"),
        (lambda e: e.find(f".//{DCC}name").remove(e.find(f".//{DCC}content")), "is said in ['de']"),
        (lambda e: setattr(e.find(".//{https://ptb.de/si}value"), "text", "1,5"), "value: has '1,5'"),
    ],
)
def test_the_table_finds_what_is_wrong(wrong: Any, found: str) -> None:
    made = root(CASES["everything"])
    wrong(made)
    assert any(found in problem for problem in problems(made))


def test_core_data() -> None:
    made = root(dossier(full()))
    assert made.get("schemaVersion") == "3.3.0"
    assert texts(made, "uniqueIdentifier") == ["C-1"]
    assert texts(made, "receiptDate") == ["2026-05-01"]
    assert texts(made, "beginPerformanceDate") == ["2026-05-04"]
    assert texts(made, "issueDate") == ["2026-05-06"]
    assert texts(made, "usedLangCodeISO639_1") == ["en", "de"]
    assert texts(made, "mandatoryLangCodeISO639_1") == ["en"]
    german = dossier(lab=msgspec.structs.replace(LAB, language="de", country="AT"))
    assert texts(root(german), "mandatoryLangCodeISO639_1") == ["de"]
    assert texts(root(german), "countryCodeISO3166_1") == ["AT"]


def test_an_amendment_names_the_one_before() -> None:
    assert texts(root(CASES["an amendment"]), "replacedUniqueIdentifier") == ["C-1"]


def test_who_released_it_signs_and_names_that_were_typed_say_so() -> None:
    people = root(dossier(full())).findall(f".//{DCC}respPerson")
    assert [p.find(f".//{DCC}content").text for p in people] == ["Cara", "Ben", "Anna"]  # type: ignore[union-attr]
    assert [texts(p, "mainSigner") for p in people] == [["true"], ["false"], ["false"]]
    assert "name as typed, not authenticated" in texts(people[1], "content")


def test_statements_say_what_the_certificate_says() -> None:
    made = root(dossier(full()))
    said = " ".join(str(t) for t in texts(made, "content"))
    for words in ("relate only to the item", "in-house calibration", "agreed by Owner-X", "External-E", "Deviation-D"):
        assert words in said
    conformity = made.find(f".//{DCC}statement[@refType='basic_conformity']/{DCC}conformity")
    assert conformity is not None
    assert conformity.text in ("pass", "fail")


def test_opinions_are_kept_apart() -> None:
    comment = root(dossier(full())).find(f"{DCC}comment")
    assert comment is not None
    assert [c.text for c in comment] == ["Opinion-O"]


def test_the_raw_record_is_in_it_byte_for_byte() -> None:
    d = dossier(full())
    (coded,) = texts(root(d), "dataBase64")
    assert base64.b64decode(str(coded)) == records.write(d.record)


def test_the_same_dossier_gives_the_same_bytes() -> None:
    assert dcc.render(dossier(full())) == dcc.render(dossier(full()))


def test_nobody_has_to_have_touched_it() -> None:
    unsigned = dossier(record(state="draft", history=[Change(state="draft", by=BEN)]))
    (person,) = root(unsigned).findall(f".//{DCC}respPerson")
    assert "Lab of Examples" in texts(person, "content")


def test_every_element_is_in_the_table() -> None:
    names = {local(e) for d in CASES.values() for e in root(d).iter()}
    assert {"hybrid", "nonSIUnit", "certificate", "conformityXMLList", "expandedMUXMLList", "itemQuantity"} <= names
