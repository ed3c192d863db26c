"""Where the letters come from: DejaVu Sans, out of the wheel or, in a clone, out of the page's libraries.

The files are the npm package dejavu-fonts-ttf, pinned with its hash in dashboard/package-lock.json. A system's own copy
of DejaVu is not taken: it is built from other sources and would give other bytes.
"""

from dataclasses import dataclass
from pathlib import Path

from calibration.documents.errors import DocumentError

REGULAR, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"
_HERE = Path(__file__).parent
FOLDERS = (_HERE / "fonts", _HERE.parents[1] / "dashboard/node_modules/dejavu-fonts-ttf/ttf")


@dataclass(frozen=True, slots=True)
class Fonts:
    """The two files every document uses."""

    regular: Path
    bold: Path


def find(folders: tuple[Path, ...] = FOLDERS) -> Fonts:
    """The first folder that has both. Raises DocumentError."""
    for folder in folders:
        if (folder / REGULAR).is_file() and (folder / BOLD).is_file():
            return Fonts(folder / REGULAR, folder / BOLD)
    raise DocumentError(
        "the fonts of documents are not there: install labwire from its wheel, or run `make setup` in a clone"
    )
