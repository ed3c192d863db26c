"""Puts the page into the wheel: its own files and those of its libraries that index.html names, with their licences.

So whoever installs a wheel needs no Node. An editable install needs none of it: the bridge then serves dashboard/.
The letters of calibration documents come the same way, from the npm package dejavu-fonts-ttf.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TARGET = "bridge_ws/static"
NOT_SERVED = frozenset({"node_modules", "tests", "package.json", "package-lock.json", "tsconfig.json", "README.md"})
FONTS = "calibration/documents/fonts"
FONT_PACKAGE = "dejavu-fonts-ttf"
FONT_FILES = ("ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf", "LICENSE")
VENDOR = re.compile(r"""["'](?:\.?/)?vendor/([^"'?#]+[^"'?#/])["']""")


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"].update(page_files(Path(self.root)))
            build_data["force_include"].update(font_files(Path(self.root)))


def page_files(root: Path) -> dict[str, str]:
    """File in the source tree → file in the wheel. Empty with LABWIRE_WITHOUT_PAGE=1 (an edge serves no page).

    Raises RuntimeError when a library is not there.
    """
    if os.environ.get("LABWIRE_WITHOUT_PAGE") == "1":
        return {}
    dashboard = root / "dashboard"
    own = [p for p in sorted(dashboard.rglob("*")) if p.is_file() and _served(p.relative_to(dashboard))]
    vendor = vendor_files((dashboard / "index.html").read_text(encoding="utf-8"))
    missing = [name for name in vendor if not (dashboard / "node_modules" / name).is_file()]
    if missing:
        raise RuntimeError(
            f"the page's libraries are missing ({', '.join(missing)}): run `make setup`, or `npm ci` in dashboard/; "
            "or build with LABWIRE_WITHOUT_PAGE=1"
        )
    files = {str(p): f"{TARGET}/{p.relative_to(dashboard).as_posix()}" for p in own}
    for name in [*vendor, *licences(dashboard / "node_modules", vendor)]:
        files[str(dashboard / "node_modules" / name)] = f"{TARGET}/vendor/{name}"
    return files


def font_files(root: Path) -> dict[str, str]:
    """The fonts of documents, with their licence, as ``page_files`` gives the page. Raises RuntimeError."""
    if os.environ.get("LABWIRE_WITHOUT_PAGE") == "1":
        return {}
    folder = root / "dashboard/node_modules" / FONT_PACKAGE
    missing = [name for name in FONT_FILES if not (folder / name).is_file()]
    if missing:
        raise RuntimeError(
            f"the fonts of documents are missing ({', '.join(missing)}): run `make setup`, or `npm ci` in dashboard/; "
            "or build with LABWIRE_WITHOUT_PAGE=1"
        )
    return {str(folder / name): f"{FONTS}/{Path(name).name}" for name in FONT_FILES}


def vendor_files(html: str) -> list[str]:
    """The paths below /vendor/ that the page names, which are paths below node_modules/."""
    return sorted(set(VENDOR.findall(html)))


def licences(node_modules: Path, vendor: list[str]) -> list[str]:
    """The licence files of the packages that ``vendor`` comes from, as paths below ``node_modules``."""
    packages = {"/".join(name.split("/")[: 2 if name.startswith("@") else 1]) for name in vendor}
    return sorted(
        f"{package}/{path.name}" for package in packages for path in (node_modules / package).glob("LICEN[CS]E*")
    )


def _served(path: Path) -> bool:
    return not any(part in NOT_SERVED or part.startswith(".") for part in path.parts)
