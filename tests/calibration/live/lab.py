"""A register with an item at bath1/pt100 and a standard at ref1/temp, and what their instruments say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broker.messages import Channel, Meta
from broker.topics import Topics
from calibration.live.start import Facts, Wanted
from calibration.record import Item, Person, Standard
from calibration.register import Register
from tests.calibration.live.bench import SMALL, T0

ANNA = Person(name="anna")
TOPICS = Topics()
WHEN = "2026-11-01T00:00:00Z"
METAS = {
    "bath1": Meta(
        channels={
            "pt100": Channel(unit="°C", resolution=0.001),
            "pt100_raw": Channel(unit="°C"),
            "on": Channel(type="bool"),
            "power": Channel(unit="W"),
        }
    ),
    "ref1": Meta(channels={"temp": Channel(unit="°C", resolution=0.0001)}),
}


def register(folder: Path, **standard: Any) -> Register:
    made = Register.create(folder, lambda: datetime.fromtimestamp(T0, UTC))
    made.add_item(Item(id="pt-7", serial="4711", d="0.001"), ANNA)
    given = {
        "class_": "pt25",
        "certificate": "C-1",
        "date": "2026-03-01",
        "due": "2027-03-01",
        "U": "0.010",
        **standard,
    }
    made.add_standard(Standard(id="ref1", **given), ANNA)
    made.install("pt-7", "bath1", "pt100", WHEN, ANNA)
    made.install("ref1", "ref1", "temp", WHEN, ANNA)
    return made


def wanted(**changes: Any) -> Wanted:
    given: dict[str, Any] = {
        "run": "r1", "procedure": SMALL, "item": "lab/bath1", "reference": "lab/ref1/temp", "by": ANNA, "begin": T0,
    }  # fmt: skip
    return Wanted(**{**given, **changes})


def facts(**changes: Any) -> Facts:
    return Facts(**{"metas": METAS, "marks": {"bath1": {}, "ref1": {}}, **changes})
