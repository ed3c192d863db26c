"""Names and contents of the files in a register."""

import re
from pathlib import Path
from typing import Literal

from calibration.register.errors import RegisterError

Kind = Literal["certificate", "protocol", "dcc", "csv"]
KINDS: tuple[Kind, ...] = ("certificate", "protocol", "dcc", "csv")
_ENDS: dict[Kind, str] = {"certificate": "-certificate.pdf", "protocol": "-protocol.pdf", "dcc": ".xml", "csv": ".csv"}
_REV = re.compile(r"r([1-9]\d{0,5})\.json")


def file_name(rev: int, kind: Kind) -> str:
    """A document beside its record. Raises RegisterError for a kind there is not."""
    if kind not in _ENDS:
        raise RegisterError(f"there is no document {kind!r}; there are {', '.join(KINDS)}")
    return f"r{rev}{_ENDS[kind]}"


def folder_of(register: Path) -> list[Path]:
    """The folders of all records, sorted."""
    folder = register / "records"
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def revisions(register: Path, id: str) -> list[int]:  # noqa: A002 - the register's own word
    """The revisions of a record that were written, rising."""
    folder = register / "records" / id
    if not folder.is_dir():
        return []
    found = (_REV.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in found if match)


def content(path: Path) -> bytes:
    """The bytes of a file. Raises RegisterError."""
    try:
        return path.read_bytes()
    except OSError as e:
        raise RegisterError(f"{path} cannot be read: {e.strerror}") from e
