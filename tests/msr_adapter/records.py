"""Byte records of a real server (transcripts/*.txt): rows ``S: b'…'`` and ``C: b'…'``, two sessions ``[A]`` ``[B]``."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "transcripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
_ROW = re.compile(r"(?P<side>[CS])(?:\[(?P<who>\w)\])?: (?P<bytes>b.*)")
_REPEATED = re.compile(r"(b'[^']*')\*(\d+)")


@dataclass
class Session:
    """One connection: everything each side sent, in order; ``rows`` keeps the turns."""

    rows: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def server(self) -> bytes:
        return b"".join(data for side, data in self.rows if side == "S")

    @property
    def client(self) -> bytes:
        return b"".join(data for side, data in self.rows if side == "C")


def sessions(name: str) -> list[Session]:
    """All connections of a transcript; each begins with the greeting."""
    made: list[Session] = []
    now: dict[str, Session] = {}
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        row = _ROW.fullmatch(line)
        if not row:
            continue
        data, who = _bytes(row["bytes"]), row["who"] or ""
        if data.startswith(b"<connected "):
            now[who] = Session()
            made.append(now[who])
        now[who].rows.append((row["side"], data))
    return made


def notes(name: str) -> list[str]:
    return [x[1:].strip() for x in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines() if x.startswith("#")]


def _bytes(text: str) -> bytes:
    return b"".join(map(_literal, text.split(" + "))) if "'*" in text else _literal(text)


def _literal(text: str) -> bytes:
    repeated = _REPEATED.fullmatch(text)
    data: bytes = ast.literal_eval(repeated[1] if repeated else text)
    return data * int(repeated[2]) if repeated else data
