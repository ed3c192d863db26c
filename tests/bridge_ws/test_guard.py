"""Around every request: sizes, and a log without secrets."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge_ws.guard import MOST_BODY
from tests.bridge_ws.bench import OPERATOR, bridge
from tests.support.broker import TestBroker


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 1000


async def test_a_body_may_not_be_endless_even_without_saying_its_length(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        answer = await http.post("/api/notes", content=chunks(MOST_BODY // 1000 + 2))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_log_names_paths_and_no_secrets(
    mosquitto: TestBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with bridge(mosquitto, tmp_path) as b:
        async with b.http() as http:
            await http.get(f"/api/runs?token={OPERATOR}")
            await http.post("/api/notes", json={"text": "private"})
        async with b.page(OPERATOR):
            pass
    lines = [r.getMessage() for r in caplog.records if r.name == "bridge_ws.access"]

    assert any(line.startswith("127.0.0.1 GET /api/runs 200") for line in lines)
    for name in ("bridge_ws", "uvicorn", "websockets.server", "broker"):
        text = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(name))
        assert OPERATOR not in text
        assert "private" not in text
