"""Paper: text at a place, lines, boxes, pages. Everything that is written goes through ``Sheet.text``.

Millimetres from the top left corner; sizes in points; ``y`` of a text is its base line. PDF/A-3U, nothing compressed:
so the bytes do not depend on who built zlib.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Literal

from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.svg import SVGObject
from PIL import Image

from calibration.documents.errors import DocumentError
from calibration.documents.fonts import Fonts

Colour = tuple[int, int, int]
Align = Literal["left", "right", "centre"]
BLACK: Colour = (0, 0, 0)
GREY: Colour = (95, 95, 95)
LIGHT: Colour = (236, 236, 236)
GREEN: Colour = (0, 100, 30)
RED: Colour = (170, 0, 0)
BLUE: Colour = (20, 70, 140)
POINT = 25.4 / 72
"""Millimetres in a point."""
_FAMILY = "dejavu"


@dataclass(frozen=True, slots=True)
class Paper:
    """Size and margins, in mm."""

    width: float = 210.0
    height: float = 297.0
    left: float = 20.0
    right: float = 15.0
    top: float = 21.0
    bottom: float = 20.0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried by the PDF. ``relation`` as in PDF/A-3: Source, Data, Alternative."""

    name: str
    content: bytes
    mime: str
    relation: str
    description: str


@dataclass
class Sheet:
    """Pages being written. ``y`` is where the next thing goes."""

    fonts: Fonts
    paper: Paper
    y: float = 0.0
    pdf: FPDF = field(init=False, repr=False)
    _widths: dict[bool, TTFFont] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.pdf = FPDF(unit="mm", format=(self.paper.width, self.paper.height), enforce_compliance="PDF/A-3U")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_compression(False)
        self.pdf.add_font(_FAMILY, "", self.fonts.regular)
        self.pdf.add_font(_FAMILY, "B", self.fonts.bold)
        self._widths = {False: self._font(""), True: self._font("B")}
        self.page()

    def _font(self, style: str) -> TTFFont:
        found = self.pdf.fonts[_FAMILY + style]
        if not isinstance(found, TTFFont):
            raise DocumentError("the fonts of documents are not TrueType")
        # fpdf2 reads the file until the end and never closes it; a copy in memory needs no closing.
        reader = found.ttfont.reader
        reader.file.seek(0)
        copy = BytesIO(reader.file.read())
        reader.file.close()
        reader.file = copy
        return found

    # --- pages ---

    @property
    def left(self) -> float:
        return self.paper.left

    @property
    def right(self) -> float:
        return self.paper.width - self.paper.right

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def low(self) -> float:
        """The last y that may be written to."""
        return self.paper.height - self.paper.bottom

    @property
    def pages(self) -> int:
        return len(self.pdf.pages)

    def page(self) -> None:
        self.pdf.add_page()
        self.y = self.paper.top

    def need(self, height: float) -> None:
        """A new page unless ``height`` is left on this one."""
        if self.y + height > self.low and self.y > self.paper.top:
            self.page()

    def each_page(self) -> Iterator[int]:
        """Go through the finished pages again, for what needs their number."""
        for number in range(1, self.pages + 1):
            self.pdf.page = number
            self.pdf.current_font_is_set_on_page = False
            yield number

    # --- writing ---

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        align: Align = "left",
        colour: Colour = BLACK,
    ) -> None:
        """One line of text; ``x`` is its left, right or middle. Raises DocumentError for what no font can write."""
        if not text:
            return
        self._check(text, bold)
        shift = {"left": 0.0, "right": 1.0, "centre": 0.5}[align]
        self.pdf.set_font(_FAMILY, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)
        self.pdf.text(x - shift * self.measure(text, size=size, bold=bold), y, text)

    def _check(self, text: str, bold: bool) -> None:
        letters = self._widths[bold].cmap
        for character in text:
            if ord(character) not in letters:
                where = text if len(text) <= 60 else text[:57] + "..."
                raise DocumentError(
                    f"no font of the documents has the character {character!r} (U+{ord(character):04X}), in {where!r}"
                )

    def measure(self, text: str, *, size: float = 9, bold: bool = False) -> float:
        """The width of a line, in mm."""
        widths = self._widths[bold].cw
        return sum(widths[ord(character)] for character in text) * size * POINT / 1000

    def wrap(self, text: str, width: float, *, size: float = 9, bold: bool = False) -> list[str]:
        """Lines no wider than ``width``: broken at blanks, a word that is too long anywhere."""
        lines: list[str] = []
        for paragraph in text.replace("\r\n", "\n").split("\n"):
            lines += self._wrapped(paragraph.replace("\t", " "), width, size, bold)
        return lines

    def _wrapped(self, paragraph: str, width: float, size: float, bold: bool) -> list[str]:
        lines = [""]
        for word in paragraph.split(" "):
            longer = f"{lines[-1]} {word}" if lines[-1] else word
            if self.measure(longer, size=size, bold=bold) <= width:
                lines[-1] = longer
                continue
            pieces = self._broken(word, width, size, bold)
            lines = [*lines, *pieces] if lines[-1] else [*lines[:-1], *pieces]
        return lines

    def _broken(self, word: str, width: float, size: float, bold: bool) -> list[str]:
        pieces = [""]
        for character in word:
            if pieces[-1] and self.measure(pieces[-1] + character, size=size, bold=bold) > width:
                pieces.append("")
            pieces[-1] += character
        return pieces

    # --- drawing ---

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        colour: Colour = BLACK,
        weight: float = 0.2,
        dash: float = 0.0,
    ) -> None:
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(weight)
        self.pdf.set_dash_pattern(dash, dash)
        self.pdf.line(x1, y1, x2, y2)

    def path(self, points: Sequence[tuple[float, float]], *, colour: Colour, weight: float, dash: float = 0.0) -> None:
        """A line through all points."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(weight)
        self.pdf.set_dash_pattern(dash, dash)
        self.pdf.polyline(list(points))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        edge: Colour | None = None,
        weight: float = 0.2,
    ) -> None:
        self.pdf.set_dash_pattern()
        if fill is not None:
            self.pdf.set_fill_color(*fill)
        if edge is not None:
            self.pdf.set_draw_color(*edge)
            self.pdf.set_line_width(weight)
        self.pdf.rect(x, y, width, height, style=f"{'F' if fill else ''}{'D' if edge else ''}")

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.pdf.set_fill_color(*colour)
        self.pdf.circle(x, y, radius, style="F")

    @contextmanager
    def upright(self, x: float, y: float) -> Iterator[None]:
        """What is written inside runs upwards from (x, y)."""
        with self.pdf.rotation(90, x, y):
            yield

    def picture(self, content: bytes, x: float, y: float, width: float, height: float) -> float:
        """A logo, as large as fits into the box; returns its width. Raises DocumentError."""
        try:
            ratio = _ratio(content)
            fitting = min(width, height * ratio)
            self.pdf.image(BytesIO(content), x=x, y=y, w=fitting, h=fitting / ratio)
        except (OSError, ValueError, SyntaxError, ZeroDivisionError) as e:
            raise DocumentError(f"the logo is not a picture that can be printed: {e}") from e
        return fitting

    # --- the end ---

    def finish(
        self, *, title: str, subject: str, author: str, language: str, dated: datetime, files: Sequence[Attachment] = ()
    ) -> bytes:
        """The PDF. Raises DocumentError."""
        self.pdf.set_title(title)
        self.pdf.set_lang(language)
        self.pdf.set_producer("labwire, fpdf2")
        self.pdf.set_creation_date(dated)
        self.pdf.set_xmp_metadata(_xmp(title=title, subject=subject, author=author, language=language, dated=dated))
        for file in files:
            self.pdf.embed_file(
                bytes=file.content,
                basename=file.name,
                mime_type=file.mime,
                associated_file_relationship=file.relation,
                desc=file.description,
                creation_date=dated,
                modification_date=dated,
                checksum=True,
            )
        return bytes(self.pdf.output())


def _ratio(content: bytes) -> float:
    """Width over height of PNG, JPEG or SVG."""
    if not content.lstrip().startswith(b"<"):
        with Image.open(BytesIO(content)) as picture:
            return picture.width / picture.height
    drawing = SVGObject(content)
    if drawing.viewbox is not None:
        return float(drawing.viewbox[2]) / float(drawing.viewbox[3])
    if drawing.width is None or drawing.height is None:
        raise ValueError("it has neither a viewBox nor a width and a height")
    return float(drawing.width) / float(drawing.height)


def _xmp(*, title: str, subject: str, author: str, language: str, dated: datetime) -> str:
    """What fpdf2 would write, with the record's date in place of the clock."""
    when = dated.isoformat(timespec="seconds")
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
    <rdf:Description rdf:about="" xmp:CreateDate="{when}" xmp:ModifyDate="{when}" xmp:MetadataDate="{when}"
      pdf:Producer="labwire, fpdf2">
      <pdfaid:part>3</pdfaid:part>
      <pdfaid:conformance>U</pdfaid:conformance>
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{_escaped(title)}</rdf:li></rdf:Alt></dc:title>
      <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{_escaped(subject)}</rdf:li></rdf:Alt></dc:description>
      <dc:creator><rdf:Seq><rdf:li>{_escaped(author)}</rdf:li></rdf:Seq></dc:creator>
      <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>"""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
