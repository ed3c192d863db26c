"""The golden messages of ``tests/contract``: the dashboard's tests read the same files."""

import json
from pathlib import Path
from typing import Any

import msgspec

from broker.topics import Kind

FOLDER = Path(__file__).parent.parent / "contract"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message. ``text`` instead of ``payload`` where it is not JSON; ``error`` is part of what the reader says."""

    name: str
    topic: str
    valid: bool
    error: str = ""
    payload: Any = None
    text: str | None = None

    @property
    def wire(self) -> bytes:
        return (json.dumps(self.payload, ensure_ascii=False) if self.text is None else self.text).encode()


def cases(kind: Kind) -> list[Case]:
    return msgspec.convert(json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8")), list[Case])


def valid(kind: Kind) -> list[Case]:
    return [case for case in cases(kind) if case.valid]
