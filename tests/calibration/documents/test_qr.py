import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
import segno
from pypdf import PdfReader

from calibration.documents import qr
from tests.calibration.documents.given import finished, sheet

LINK = "https://lab.example/cal/K-2026-0001#" + "0123456789abcdef" * 2


def test_dark_modules_and_nothing_else_are_filled() -> None:
    """The rectangles of the page, put back onto the code's own grid."""
    paper = sheet()
    matrix = [list(row) for row in segno.make(LINK, error="m", micro=False).matrix]
    side = float(len(matrix) + 2 * qr.QUIET)
    qr.draw(paper, LINK, 0, 0, side)
    drawn = PdfReader(BytesIO(finished(paper))).pages[0].get_contents()
    assert drawn is not None
    content = drawn.get_data().decode("latin-1")
    found = [[0] * len(matrix) for _ in matrix]
    scale = 72 / 25.4
    for x, y, w, h in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) -([\d.]+) re f", content):
        column, row = round(float(x) / scale) - qr.QUIET, round((841.89 - float(y)) / scale) - qr.QUIET
        assert round(float(h) / scale) == 1
        for i in range(round(float(w) / scale)):
            found[row][column + i] += 1
    assert found == [[1 if dark else 0 for dark in row] for row in matrix]


@pytest.mark.skipif(
    not (shutil.which("zbarimg") and shutil.which("pdftoppm")),
    reason="zbarimg and pdftoppm (zbar-tools, poppler-utils) are not here",
)
def test_a_reader_reads_it(tmp_path: Path) -> None:
    paper = sheet(width=62, height=29, left=2, right=2)
    qr.draw(paper, LINK, 1, 2, 25)
    (tmp_path / "a.pdf").write_bytes(finished(paper))
    subprocess.run(["pdftoppm", "-r", "300", "-png", "a.pdf", "a"], cwd=tmp_path, check=True)
    (picture,) = tmp_path.glob("a*.png")
    done = subprocess.run(["zbarimg", "-q", "--raw", picture], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == LINK
