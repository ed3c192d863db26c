"""A register made with the commands, as a person would."""

import json
from pathlib import Path
from typing import Any

import pytest

from calibration.__main__ import main
from calibration.record import Person
from calibration.register import Register
from calibration.register.release import release
from tests.calibration.example import PROCEDURE
from tests.calibration.register.bench import PDF
from tests.calibration.register.test_release import plain

READINGS = "run,nominal,direction,I,x\n" + "".join(
    f"as_found,{x},{way},{x + 0.2 + 0.01 * i:.2f},{x}\n"
    for way in ("up", "down")
    for x in (0, 10, 15, 20, 30)
    for i in (0, 1)
)


class Lab:
    """Commands on one register; ``said`` is what the last one printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.dir = folder / "cal"
        self._capsys = capsys
        self.said = self.error = ""

    def __call__(self, *argv: str, by: str = "") -> int:
        names = ["--by", by] if by else []
        code = main([argv[0], *argv[1:], *names, "--dir", str(self.dir)])
        self.said, self.error = self._capsys.readouterr()
        return code

    def json(self, *argv: str) -> Any:
        self(*argv)
        return json.loads(self.said)

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def register(self) -> Register:
        return Register.open(self.dir)

    def furnished(self) -> "Lab":
        """With an item in its place, a standard that is good for ever, and the example's procedure."""
        self("init")
        self("item", "add", "pt3", "--serial", "4711", "--resolution", "0.01", by="anna")
        self("item", "install", "pt3", "oven1/temp", "--at", "2026-01-01", by="anna")
        days = ["--date", "2020-01-01", "--due", "2099-01-01"]
        paper = self.file("gauge.pdf", PDF)
        self("standard", "add", "gauge", "--certificate", paper, "--number", "L-77", "-U", "0.06", *days, by="anna")
        self.file("p.toml", PROCEDURE)
        self.file("r.csv", READINGS)
        return self

    def entered(self, day: str = "2026-06-01") -> str:
        """The number of a performed record."""
        known = {record.id for record in self.register().records()}
        self(
            *("enter", str(self.folder / "p.toml"), "--item", "pt3", "--standard", "gauge"),
            *("--readings", str(self.folder / "r.csv"), "--begin", f"{day}T08:00:00Z"),
            by="bert",
        )
        (new,) = {record.id for record in self.register().records()} - known
        return new

    def released(self, day: str = "2026-06-01") -> str:
        """The number of a released record; its documents are one line each."""
        id_ = self.entered(day)
        self("review", id_, by="anna")
        release(self.register(), id_, Person(name="anna", authenticated=True), plain)
        return id_
