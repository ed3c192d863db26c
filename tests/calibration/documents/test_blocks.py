import pytest

from calibration.documents import blocks
from calibration.documents.blocks import Cell, Column
from calibration.documents.sheet import RED, Sheet
from tests.calibration.documents.given import pages, sheet, text


@pytest.fixture
def paper() -> Sheet:
    return sheet()


def test_a_table_has_its_head_on_every_page(paper: Sheet) -> None:
    rows = [[str(i), "word"] for i in range(120)]
    blocks.table(paper, [Column("Number"), Column("Text", align="left")], rows)
    found = pages(paper)
    assert len(found) == 3
    assert all("Number" in page for page in found)
    numbers = [int(word) for page in found for word in page.split() if word.isdigit()]
    assert numbers == list(range(120))


def test_no_row_goes_below_the_margin(paper: Sheet) -> None:
    long = "many words " * 30
    blocks.table(paper, [Column("A", align="left", wraps=True), Column("B")], [[long, "1"]] * 20)
    assert paper.pages > 1
    assert paper.y <= paper.low + 3


def test_columns_fill_the_width_and_numbers_never_wrap(paper: Sheet) -> None:
    columns = [Column("Value", "°C"), Column("Remark", align="left", wraps=True)]
    rows = [["123.456789", "a remark that is very much longer than what is left of the line of this table " * 3]]
    laid = blocks._lay(paper, columns, rows, 8.0, True)
    assert sum(laid.widths) == pytest.approx(paper.width)
    assert blocks._broken(paper, laid, 0, Cell("123.456789")) == ["123.456789"]


def test_many_columns_get_smaller_letters(paper: Sheet) -> None:
    wide = [Column(f"Column {i}") for i in range(14)]
    laid = blocks._lay(paper, wide, [["123.4567"] * 14], 8.0, True)
    assert laid.size < 8
    assert sum(laid.widths) <= paper.width + 0.01


def test_a_heading_stays_with_what_follows(paper: Sheet) -> None:
    paper.y = paper.low - 20
    blocks.heading(paper, "Title", keep=30)
    assert paper.pages == 2


def test_pairs_without_a_value_are_left_out(paper: Sheet) -> None:
    blocks.pairs(paper, [("one", "1"), ("none", ""), ("two", "2\n3")], columns=2)
    assert text(paper) == "one 1 two 2 3"


def test_a_long_label_leaves_room_for_the_value(paper: Sheet) -> None:
    blocks.pairs(paper, [("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "value")])
    assert "value" in text(paper)
    assert paper.pages == 1


def test_paragraphs_and_lists_break_over_pages(paper: Sheet) -> None:
    blocks.paragraph(paper, "word " * 3000, colour=RED)
    blocks.points(paper, ["first", "second"])
    blocks.paragraph(paper, "")
    assert paper.pages > 1
    assert text(paper).count("word") == 3000
    assert text(paper).endswith("• first • second")
