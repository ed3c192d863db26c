"""The words of the documents in German and English, from ``texts.toml``; numbers and dates as each language has."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from calibration.documents.dossier import moment

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")
MINUS = "\u2212"
ONE = "1"


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Key → language → text; the file does not change while the program runs."""
    text = (files(__package__ or "calibration.documents") / "texts.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return found


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language."""

    language: Language

    def __call__(self, key: str, **values: str) -> str:
        """The text of ``key``. Raises KeyError for a key that is not in the catalogue."""
        text = catalogue()[key][self.language]
        if values.get("unit") == ONE:
            text = re.sub(r" (in )?\{unit\}(?!/)", "", text)
        return text.format(**values)

    def size(self, numeral: str, unit: str) -> str:
        """``number`` with its unit. The unit one is not written: 0.001 1 would be another number."""
        return self.number(numeral) if unit == ONE else f"{self.number(numeral)} {unit}"

    def known(self, group: str, name: str) -> str:
        """The text of ``group.name``; a name of somebody's own stays as it is, with blanks."""
        entry = catalogue().get(f"{group}.{name}")
        return entry[self.language] if entry else name.replace("_", " ")

    def number(self, numeral: str) -> str:
        """A decimal numeral with this language's mark and a true minus; its digits stay."""
        shown = numeral.replace("-", MINUS)
        return shown.replace(".", ",") if self.language == "de" else shown

    def day(self, stamp: str) -> str:
        """The day of a stamp, ``21.11.2026`` or ``2026-11-21``; nothing for nothing."""
        if not stamp:
            return ""
        found = moment(stamp)
        return f"{found:%d.%m.%Y}" if self.language == "de" else f"{found:%Y-%m-%d}"

    def time(self, stamp: str) -> str:
        """Day and time with the zone, as the stamp has it."""
        if "T" not in stamp:
            return self.day(stamp)
        found = moment(stamp)
        zone = "UTC" if not found.utcoffset() else f"UTC{found:%z}"[:6] + ":" + f"{found:%z}"[3:]
        return f"{self.day(stamp)} {found:%H:%M} {zone}"
