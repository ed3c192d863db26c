import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from logger.export import manifest
from logger.export.ask import Ask
from logger.export.plan import plan
from logger.store import History
from tests.logger.export.support import OVEN, make
from tests.logger.support import BOOT, T_MS, TOPICS


def said(database: Path, **ask: Any) -> dict[str, Any]:
    with History(database) as history:
        made = manifest.make(history, plan(history, Ask(**ask)), TOPICS, (T_MS + 10_000) * 1000)
        found: dict[str, Any] = json.loads(made.text())
        return found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_what_it_says_of_the_file(database: Path) -> None:
    found = said(database, zone="Europe/Berlin")
    assert found["labwire"] == version("labwire")
    assert (found["from"], found["zone"]) == ("2026-11-21T00:59:59.000000+01:00", "Europe/Berlin")
    assert found["made"] == "2026-11-21T01:00:09.000000+01:00"
    assert found["content"] == {"rows": "sample sets as recorded", "values": "recorded"}
    assert len(found["store"]) == 16
    assert said(database, every_us=1000, aggregates=("min",))["content"] == {
        "rows": "steps",
        "step_us": 1000,
        "aggregates": ["min"],
        "values": "recorded",
    }


def test_what_it_says_of_an_instrument(database: Path) -> None:
    oven = said(database)["instruments"]["oven1"]
    assert oven["channels"]["temp"] == {"unit": "°C", "label": "Zone 1"}
    assert oven["calibrations"] == {"temp": ["K-2026-0001"]}
    assert oven["calibration"] == {"said": T_MS + 2, "of": {"temp": {"id": "K-2026-0001"}}}
    assert [(d["since"], d["rev"], d["meta"]["name"]) for d in oven["descriptions"]] == [(T_MS + 2, OVEN.rev, "Oven")]
    ledger = oven["ledger"]
    assert (ledger["stored"], ledger["expected"], ledger["missing"]) == (3, 4, 1)
    assert ledger["gaps"] == [
        {"boot": BOOT, "from": 2, "to": 2, "n": 1, "reason": "overflow", "from_ms": T_MS + 1, "to_ms": T_MS + 3}
    ]


def test_what_people_and_instruments_said(database: Path) -> None:
    found = said(database, to_us=(T_MS + 5) * 1000)
    assert [(c["instrument"], c["name"], c["state"], c["args"], c["by"]) for c in found["commands"]] == [
        ("oven1", "set", "done", {"value": 1}, "anna")
    ]
    assert [(r["run"], "end" in r) for r in found["runs"]] == [("melt-7", False), ("melt-7", True)]
    assert [n["text"] for n in found["notes"]] == ["hello"]
    assert said(database, instruments=("vib1",))["commands"] == []


def test_of_a_run(database: Path) -> None:
    found = said(database, run="melt-7")
    assert (found["run"]["name"], found["run"]["by"], list(found["instruments"])) == ("Melt", "anna", ["oven1"])
