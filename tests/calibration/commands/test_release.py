"""With a real bridge and real documents."""

import asyncio
from pathlib import Path

import pytest

from tests.bridge_ws.bench import OPERATOR, VIEWER, bridge
from tests.calibration.commands.bench import READINGS, Lab
from tests.support.broker import TestBroker


def test_a_typed_name_releases_nothing(lab: Lab) -> None:
    id_ = lab.furnished().entered()
    lab("review", id_, by="anna")
    assert lab("release", id_, by="anna") == 2
    assert "anna is not authenticated" in lab.error
    assert lab.register().record(id_).state == "reviewed"


async def test_a_token_of_the_bridge_releases(
    lab: Lab, mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.furnished()
    good = lab.entered()
    lab.file("r.csv", READINGS.replace("0.20,", "0.90,"))
    bad = lab.entered()
    for id_ in (good, bad):
        lab("review", id_, by="anna")
    async with bridge(mosquitto, tmp_path) as b:
        monkeypatch.setenv("LABWIRE_URL", b.url)
        monkeypatch.setenv("LABWIRE_TOKEN", VIEWER)
        assert await asyncio.to_thread(lab, "release", good) == 2
        assert "may look" in lab.error
        monkeypatch.setenv("LABWIRE_TOKEN", OPERATOR)
        assert await asyncio.to_thread(lab, "release", good) == 0, lab.error
        assert f"the chain ends with {lab.register().head}" in lab.said
        assert await asyncio.to_thread(lab, "release", bad) == 1, lab.error
    assert "oven1/temp from 2026-01-01T00:00:00Z to 2026-06-01" in lab.said
    done = lab.register().record(good)
    assert (done.history[-1].by.name, done.history[-1].by.authenticated) == ("olga", True)
    certificate = lab.register().document(good, 1, "certificate")
    assert certificate is not None
    assert certificate.read_bytes().startswith(b"%PDF-")
    monkeypatch.delenv("LABWIRE_TOKEN")
    assert lab("verify") == 0, lab.said
    assert lab("verify", good) == 0
    assert lab("verify", str(certificate)) == 0
