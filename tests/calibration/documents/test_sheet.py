import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from calibration.documents.errors import DocumentError
from calibration.documents.sheet import Attachment
from tests.calibration.documents.given import finished, pages, sheet

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 30"><rect width="60" height="30" fill="#123456"/></svg>'


def test_a_missing_character_is_named() -> None:
    with pytest.raises(DocumentError, match=r"character '漢' \(U\+6F22\), in 'name: 漢'"):
        sheet().text(20, 20, "name: 漢")


def test_all_signs_of_the_field_are_there() -> None:
    paper = sheet()
    signs = "± µ Ω °C ü ß Ł → √ ∞ ν ₖ ᵢ ⁻ ✓ ☐ ᵏ − · × ≤ Δ"
    paper.text(20, 20, signs)
    paper.text(20, 30, signs, bold=True)
    assert pages(paper)[0].split("\n")[0] == signs


def test_lines_break_at_blanks_and_long_words_anywhere() -> None:
    paper = sheet()
    text = "a few words and Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen " + "0" * 100
    lines = paper.wrap(text, 40)
    assert all(paper.measure(line) <= 40 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert lines[0] == "a few words and"
    assert paper.wrap("one\ntwo\t three", 40) == ["one", "two  three"]
    assert paper.wrap("", 40) == [""]


def test_a_page_begins_when_the_last_is_full() -> None:
    paper = sheet()
    paper.need(100)
    assert paper.pages == 1
    paper.y = paper.low - 5
    paper.need(5)
    assert paper.pages == 1
    paper.need(5.1)
    assert (paper.pages, paper.y) == (2, paper.paper.top)
    paper.need(1000)
    assert paper.pages == 2


def test_finished_pages_can_be_written_on() -> None:
    paper = sheet()
    paper.text(20, 20, "first", size=7.5)
    paper.page()
    paper.text(20, 20, "second", size=7.5)
    for number in paper.each_page():
        paper.text(20, 280, f"{number}/{paper.pages}", size=7.5)
    assert [page.split() for page in pages(paper)] == [["first", "1/2"], ["second", "2/2"]]


def test_the_same_sheet_gives_the_same_bytes() -> None:
    def made() -> bytes:
        paper = sheet()
        paper.text(20, 20, "Größe ∞", bold=True)
        paper.picture(SVG, 20, 30, 40, 20)
        return finished(paper)

    assert made() == made()


@pytest.fixture
def archived() -> Any:
    paper = sheet()
    paper.text(20, 20, "text")
    file = Attachment("record.json", b'{"a":1}', "application/json", "Source", "the record")
    data = paper.finish(
        title='T <&> "',
        subject="S",
        author="A",
        language="de",
        dated=datetime(2026, 5, 4, 8, tzinfo=UTC),
        files=[file],
    )
    return PdfReader(BytesIO(data))


def test_it_says_it_is_pdf_a_3u_and_when_it_was_made(archived: Any) -> None:
    xmp = archived.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>U</pdfaid:conformance>" in xmp
    assert set(re.findall(r'Date="([^"]+)"', xmp)) == {"2026-05-04T08:00:00+00:00"}
    assert "T &lt;&amp;&gt; &quot;" in xmp


def test_it_has_what_pdf_a_3_asks_for(archived: Any) -> None:
    root = archived.trailer["/Root"]
    assert archived.trailer["/ID"] is not None
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert "/DestOutputProfile" in root["/OutputIntents"][0]
    assert root["/Lang"] == "de"
    assert "/Encrypt" not in archived.trailer
    for font in archived.pages[0]["/Resources"]["/Font"].values():
        below = font["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in below["/FontDescriptor"]
        assert below["/CIDToGIDMap"]
        assert "/ToUnicode" in font


def test_attachments_are_byte_identical_and_associated(archived: Any) -> None:
    assert archived.attachments == {"record.json": [b'{"a":1}']}
    (associated,) = archived.trailer["/Root"]["/AF"]
    spec = associated.get_object()
    assert (spec["/AFRelationship"], spec["/F"], spec["/UF"]) == ("/Source", "record.json", "record.json")
    assert spec["/EF"]["/F"].get_object()["/Subtype"] == "/application/json"


def png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "png")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "width"), [(SVG, 40), (png(10, 10), 20), (png(100, 10), 40), (SVG.replace(b"0 0 60", b"0 0 30"), 20)]
)
def test_a_logo_keeps_its_shape(content: bytes, width: float) -> None:
    assert sheet().picture(content, 20, 20, 40, 20) == pytest.approx(width)


@pytest.mark.parametrize("content", [b"no picture", b"<svg/>", b"<html><body/></html>"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="logo is not a picture"):
        sheet().picture(content, 20, 20, 40, 20)
