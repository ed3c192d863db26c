"""``lab.toml``: who calibrates, and how this lab numbers and releases its records."""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from broker.config import ConfigError, load
from calibration.register.errors import RegisterError

FILE = "lab.toml"
_FIELD = re.compile(r"\{year\}|\{n(?::0(?P<width>[1-9]))?\}")
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")

TEMPLATE = """\
# Who calibrates. It stands on every certificate; a change is kept with `labwire cal lab keep --by NAME`.
name = "Calibration laboratory"
address = ["Street 1", "12345 Town"]
country = "DE"               # ISO 3166
email = ""
phone = ""
# logo_file = "logo.png"     # beside this file, PNG or SVG; never an accreditation mark
place = ""                   # where the work is done, where it is not the address
customer = ""                # the owner of the items, where a record names none

numbers = "K-{year}-{n:04}"  # K-2026-0001, K-2026-0002, …
language = "en"              # of the documents: en or de
server_url = ""              # of the QR code: https://lab.example
apart = false                # true: who performed a calibration may not release it
p = 0.9545                   # coverage probability in new procedures
"""


class Lab(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The lab, as ``lab.toml`` has it."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    address: list[str] = []
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "DE"
    email: str = ""
    phone: str = ""
    logo_file: str = ""
    place: str = ""
    customer: str = ""
    numbers: str = "K-{year}-{n:04}"
    language: Literal["en", "de"] = "en"
    server_url: str = ""
    apart: bool = False
    p: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.9545

    def __post_init__(self) -> None:
        if "{n" not in self.numbers or not _PLAIN.fullmatch(_FIELD.sub("", self.numbers)):
            raise ValueError("numbers is letters, digits, . _ and - around {year} and {n} or {n:04}")
        if self.server_url and not self.server_url.startswith(("http://", "https://")):
            raise ValueError("server_url begins with https://")

    def number(self, year: int, n: int) -> str:
        """The ``n``-th of a year."""
        return _FIELD.sub(lambda f: str(year) if f[0] == "{year}" else str(n).zfill(int(f["width"] or 1)), self.numbers)

    def counted(self, year: int, number: str) -> int | None:
        """Which of the year's ``number`` is; None for one that was not made by this scheme."""
        pattern, end = "", 0
        for field in _FIELD.finditer(self.numbers):
            pattern += re.escape(self.numbers[end : field.start()])
            pattern += str(year) if field[0] == "{year}" else r"(\d+)"
            end = field.end()
        found = re.fullmatch(pattern + re.escape(self.numbers[end:]), number)
        return int(found[1]) if found else None


def read(folder: Path) -> Lab:
    """Read ``lab.toml`` of a folder. Raises RegisterError."""
    try:
        return load(folder / FILE, Lab)
    except ConfigError as e:
        raise RegisterError(str(e)) from e
