import pytest

from calibration.documents import fonts
from calibration.documents.dossier import moment
from calibration.documents.sheet import Paper, Sheet
from calibration.register.intact import damage


@pytest.fixture(scope="module")
def pdf() -> bytes:
    """One page with nothing on it."""
    sheet = Sheet(fonts.find(), Paper())
    return sheet.finish(title="t", subject="s", author="a", language="en", dated=moment("2026-11-21"), files=[])


def test_as_it_was_drawn(pdf: bytes) -> None:
    assert damage(pdf) == ""


def test_every_byte_counts(pdf: bytes) -> None:
    for place in range(0, len(pdf), max(1, len(pdf) // 400)):
        changed = bytearray(pdf)
        changed[place] ^= 0x20
        assert damage(bytes(changed)), place


def test_the_table_and_the_trailer_count_too(pdf: bytes) -> None:
    start = pdf.rindex(b"xref\n0 ")
    for place in range(start, len(pdf)):
        changed = bytearray(pdf)
        changed[place] ^= 1
        assert damage(bytes(changed)), pdf[start:place]


def test_what_stands_behind_the_end(pdf: bytes) -> None:
    assert "behind its end" in damage(pdf + b"\n1 0 obj\n<<>>\nendobj")
    assert damage(pdf + b"\n1 0 obj\n<</ByteRange [0 1 2 3]>>\nendobj") == ""
    assert "does not end" in damage(pdf[:-30])
    assert "does not end" in damage(pdf[:-1])
