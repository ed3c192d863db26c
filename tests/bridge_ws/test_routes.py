"""The HTTP interface, from outside: real broker, real web server, real history."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bridge_ws.questions import MOST_POINTS
from broker.topics import Kind
from tests.bridge_ws.bench import OPERATOR, VIEWER, bridge, instrument, logger, now_ms
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


async def test_health_needs_no_token_and_everything_else_does(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http(None) as http:
        health = (await http.get("/healthz")).json()
        assert (health["ok"], health["broker"]) == (True, "up")
        assert "history_db" in health["history"]
        for method, path in [
            ("GET", "/api/me"),
            ("GET", "/api/instruments"),
            ("GET", "/api/history?instrument=a&from=0&to=1"),
            ("GET", "/api/marks?from=0&to=1"),
            ("GET", "/api/log"),
            ("GET", "/api/runs"),
            ("GET", "/api/commands/x"),
            ("POST", "/api/instruments/a/commands"),
            ("POST", "/api/notes"),
            ("POST", "/api/runs"),
            ("POST", "/api/runs/x/stop"),
        ]:
            answer = await http.request(method, path)
            assert answer.status_code == 401, path
            assert answer.json()["error"]["code"] == "no_token"
        answer = await http.get("/api/runs", headers={"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_token")


async def test_viewers_change_nothing(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http(VIEWER) as http, instrument(mosquitto) as balance:
        await balance.appear()
        for path in ("/api/instruments/balance1/commands", "/api/notes", "/api/runs", "/api/runs/x/stop"):
            answer = await http.post(path, json={"name": "tare", "text": "x"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        assert (await http.get("/api/instruments")).status_code == 200


async def test_a_token_says_whose_it_is(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        for token, name, role in ((OPERATOR, "olga", "operator"), (VIEWER, "victor", "viewer")):
            async with b.http(token) as http:
                answer = (await http.get("/api/me")).json()
                assert answer == {"name": name, "role": role, "authenticated": True}


async def test_who_comes_without_a_token_is_nobody(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path, anonymous="viewer") as b, b.http(None) as http:
        answer = (await http.get("/api/me")).json()
        assert answer == {"name": "anonymous", "role": "viewer", "authenticated": False}


async def test_wrong_tokens_are_slowed_down(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http("wrong") as http:
        codes = [(await http.get("/api/runs")).status_code for _ in range(12)]
        assert codes == [401] * 10 + [429] * 2
        answer = await http.get("/api/runs", headers={"Authorization": f"Bearer {OPERATOR}"})
        assert answer.status_code == 200


async def test_instruments_are_listed(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http, instrument(mosquitto) as balance:
        await balance.appear()
        await balance.sample(weight=1.0)

        async def found() -> list[dict[str, Any]]:
            listed = (await http.get("/api/instruments")).json()
            return [i for i in listed if i["state"] == "online" and i["age_ms"] is not None]

        (balance1,) = await eventually(found)
        assert balance1["instrument"] == "balance1"
        assert balance1["meta"]["commands"]["tare"]["timeout_ms"] == 500
        assert balance1["status"]["edge"] == "pi"
        assert balance1["calibration"] == {}


async def test_history_comes_from_the_loggers_own_file(mosquitto: TestBroker, tmp_path: Path) -> None:
    t0 = now_ms() // 1000 * 1000
    async with (
        logger(mosquitto, tmp_path) as database,
        bridge(mosquitto, tmp_path, history_db=str(database)) as b,
        b.http() as http,
        instrument(mosquitto) as balance,
    ):
        await balance.appear()
        await balance.block(t0_us=t0 * 1000, dt_us=100_000, weight=[float(k) for k in range(50)], mode=["x"] * 50)
        query: dict[str, Any] = {"instrument": "balance1", "from": t0, "to": t0 + 5000}

        async def series() -> Any:
            return (await http.get("/api/history", params=query | {"channel": "weight", "step_ms": 1000})).json()[
                "series"
            ]["weight"]

        async def complete() -> Any:
            got = await series()
            return got if sum(got["n"]) == 50 else None

        got = await eventually(complete)
        assert got == {
            "t": [t0 + 1000 * k for k in range(5)],
            "min": [0, 10, 20, 30, 40],
            "max": [9, 19, 29, 39, 49],
            "mean": [4.5, 14.5, 24.5, 34.5, 44.5],
            "n": [10] * 5,
        }
        chosen = (await http.get("/api/history", params=query | {"channel": "weight", "points": 50})).json()
        assert chosen["step_ms"] == 100
        as_csv = query | {"channel": "weight", "step_ms": 1000, "format": "csv"}
        lines = (await http.get("/api/history", params=as_csv)).text.splitlines()
        assert lines[:2] == ["time,weight_min,weight_mean,weight_max", f"{t0},0.0,4.5,9.0"]
        everything = (await http.get("/api/history", params=query)).json()
        assert set(everything["series"]) == {"weight", "stable"}
        assert (await http.get("/healthz")).json()["history"] == "ok"
        log = (await http.get("/api/log", params={"topic": "lab/balance1/+", "limit": 10})).json()
        by_topic = {line["topic"]: line for line in log}
        assert json.loads(by_topic["lab/balance1/meta"]["payload"])["name"] == "Balance"
        assert (by_topic["lab/balance1/block"]["seq"], by_topic["lab/balance1/block"]["n"]) == (0, 50)


async def test_without_a_history_the_answer_says_why(mosquitto: TestBroker, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.db"
    async with bridge(mosquitto, tmp_path, history_db=str(missing)) as b, b.http() as http:
        answer = await http.get("/api/history?instrument=a&from=0&to=1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_history")
        assert "nowhere.db" in answer.json()["error"]["message"]
        assert "nowhere.db" in (await http.get("/healthz")).json()["history"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("instrument=a&from=5&to=5", "from before to"),
        ("instrument=a&from=5", "to:"),
        ("from=1&to=5", "instrument:"),
        ("instrument=a&from=x&to=5", "from:"),
        ("instrument=a&from=1&to=1e30", "ms since the epoch"),
        ("instrument=a&from=nan&to=5", "ms since the epoch"),
        ("instrument=a&from=1&to=5&points=0", "points:"),
        (f"instrument=a&from=1&to=5&points={MOST_POINTS + 1}", "points:"),
        (f"instrument=a&from=0&to={MOST_POINTS + 1}&step_ms=1", "step_ms:"),
        ("instrument=a&from=0&to=5&step_ms=0.5", "step_ms:"),
        ("instrument=a&from=0&to=5" + "&channel=x" * 101, "channel:"),
    ],
)
async def test_wrong_questions_are_answered_in_one_shape(
    mosquitto: TestBroker, tmp_path: Path, query: str, said: str
) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        answer = await http.get(f"/api/history?{query}")
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "invalid"
        assert said in answer.json()["error"]["message"]


async def test_other_wrong_requests(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        for method, path, content, status in [
            ("GET", "/api/nothing", None, 404),
            ("DELETE", "/api/runs", None, 405),
            ("POST", "/api/notes", b"not json", 422),
            ("POST", "/api/notes", b'{"text":""}', 422),
            ("POST", "/api/notes", b'{"text":"x","more":1}', 422),
            ("POST", "/api/notes", b'{"text":"\xff"}', 422),
            ("POST", "/api/notes", b"[" * 60_000, 422),
            ("POST", "/api/notes", b'{"text":"' + b"x" * 70_000 + b'"}', 413),
            ("POST", "/api/notes", b'{"text":"' + b"x" * 2001 + b'"}', 422),
            ("POST", "/api/runs", b'{"name":5}', 422),
            ("POST", "/api/runs/nothing/stop", None, 404),
            ("POST", "/api/instruments/nothing/commands", b'{"name":"tare"}', 404),
            ("POST", "/api/instruments/nothing/commands", b'{"name":"tare","ttl_ms":60001}', 422),
            ("POST", "/api/instruments/nothing/commands", b'{"name":"tare","args":{"x":[1]}}', 422),
            ("GET", "/api/log?topic=lab/%23/x", None, 422),
            ("GET", "/api/log?limit=100000", None, 422),
            ("GET", "/api/commands/nothing", None, 404),
        ]:
            answer = await http.request(method, path, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == status, (path, content and content[:40], answer.text)
            error = answer.json()["error"]
            assert error["code"]
            assert set(answer.json()) == {"error"}
            assert set(error) == {"code", "message"}


async def test_a_command_goes_there_and_its_result_comes_back(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http, instrument(mosquitto) as balance:
        await balance.appear()
        await eventually(lambda: _known(http))
        body = {"name": "tare", "args": {"fast": True, "mass": 1, "text": "ü"}, "ttl_ms": 2500}
        asked = asyncio.create_task(http.post("/api/instruments/balance1/commands", json=body))
        command = await balance.next_command()
        assert len(command.id) == 26
        assert (command.name, command.by, command.via, command.ttl_ms) == ("tare", "olga", "bridge", 2500)
        assert command.args == {"fast": True, "mass": 1, "text": "ü"}
        assert command.ts is not None
        assert abs(command.ts - now_ms()) < 60_000
        assert balance.last is not None
        assert (balance.last.qos, balance.last.retain) == (1, False)
        assert 0 < (balance.last.expiry_s or 0) <= 3
        await balance.reply(command, "accepted")
        await balance.reply(command, "done", result={"mass": 0.5})
        answer = await asked
        assert answer.status_code == 200
        assert answer.json() == {"id": command.id, "state": "done", "result": {"mass": 0.5}}
        again = await http.get(f"/api/commands/{command.id}")
        assert again.json() == answer.json()


async def _known(http: Any) -> bool:
    return bool((await http.get("/api/instruments")).json())


async def test_nobody_answers_and_a_late_answer_corrects(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await page.send(op="command", id="c17", instrument="balance1", name="tare", ttl_ms=50)
        answer = await http.post("/api/instruments/balance1/commands", json={"name": "tare", "ttl_ms": 50})
        assert answer.json()["state"] == "no_answer"
        states = [await page.until(op="command", id="c17") for _ in range(2)]
        assert [s["state"] for s in states] == ["sent", "no_answer"]
        await balance.put(Kind.REPLY, {"id": answer.json()["id"], "state": "done", "ts": now_ms()})
        corrected = f"/api/commands/{answer.json()['id']}"
        await eventually(lambda: _state(http, corrected, "done"))


async def _state(http: Any, path: str, state: str) -> bool:
    return bool((await http.get(path)).json()["state"] == state)


async def test_unknown_commands_are_refused_before_anything_is_sent(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http, instrument(mosquitto) as balance:
        await balance.appear()
        await eventually(lambda: _known(http))
        answer = await http.post("/api/instruments/balance1/commands", json={"name": "explode"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_command")
        assert "tare, wait" in answer.json()["error"]["message"]
        await mosquitto.kill()
        await eventually(lambda: _broker_down(http))
        answer = await http.post("/api/instruments/balance1/commands", json={"name": "tare"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "broker_down")


async def _broker_down(http: Any) -> bool:
    return bool((await http.get("/healthz")).json()["broker"] == "down")


async def test_a_command_need_not_be_waited_for(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http, instrument(mosquitto) as balance:
        await balance.appear()
        await eventually(lambda: _known(http))
        answer = await http.post("/api/instruments/balance1/commands?wait=0", json={"name": "tare"})
        assert answer.status_code == 202
        path = f"/api/commands/{answer.json()['id']}"
        assert (await http.get(path)).json()["state"] == "sent"


async def test_notes_and_runs_are_stored_and_marked(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with (
        logger(mosquitto, tmp_path) as database,
        bridge(mosquitto, tmp_path, history_db=str(database)) as b,
        b.http() as http,
        b.page(VIEWER) as page,
    ):
        note = await http.post("/api/notes", json={"text": "opened the valve", "instruments": ["balance1"]})
        assert note.status_code == 201
        told = await page.until(op="note")
        assert (told["text"], told["by"], told["ts"]) == ("opened the valve", "olga", note.json()["ts"])
        run = (await http.post("/api/runs", json={"name": "Melt 7", "sample": "Fe"})).json()["run"]
        assert run.startswith("melt-7-")
        started = await page.until(op="run")
        assert (started["name"], started["sample"], started["by"]) == ("Melt 7", "Fe", "olga")
        assert [r["run"] for r in (await http.get("/api/runs")).json()] == [run]
        assert (await http.post(f"/api/runs/{run}/stop")).json() == {"run": run}
        assert (await page.until(op="run"))["end"] >= started["start"]
        assert (await http.post(f"/api/runs/{run}/stop")).status_code == 409

        async def marks() -> Any:
            found = (await http.get("/api/marks", params={"from": now_ms() - 60_000, "to": now_ms() + 60_000})).json()
            return found if len(found) >= 3 else None

        found = await eventually(marks)
        assert [(m["kind"], m["text"], m["state"], m["run"]) for m in found] == [
            ("note", "opened the valve", "", ""),
            ("run", "Melt 7 – Fe", "started", run),
            ("run", "Melt 7 – Fe", "stopped", run),
        ]

        async def audit_of_the_session() -> Any:
            lines = (await http.get("/api/log", params={"topic": "lab/_sys/bridge/main/audit"})).json()
            return lines if "session opened" in {json.loads(line["payload"])["action"] for line in lines} else None

        audit = await eventually(audit_of_the_session)
        assert OPERATOR not in json.dumps(audit)


async def test_runs_survive_bridge_and_broker(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        run = (await http.post("/api/runs", json={"name": "long"})).json()["run"]
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:

        async def known() -> bool:
            return run in [r["run"] for r in (await http.get("/api/runs")).json() if r.get("end") is None]

        await eventually(known)
        await mosquitto.kill()
        mosquitto.forget()
        await mosquitto.start()
        # Another reader learns of the run from the broker alone: our bridge told it again.
        async with bridge(mosquitto, tmp_path / "b", name="b", user="logger-main") as late, late.http() as other:

            async def told() -> bool:
                return run in [r["run"] for r in (await other.get("/api/runs")).json()]

            await eventually(told, timeout=30)
        assert (await http.post(f"/api/runs/{run}/stop")).status_code == 200


async def test_the_interface_describes_itself(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http(None) as http:
        described = (await http.get("/openapi.json")).json()
        operations = [(p, m, op) for p, ms in described["paths"].items() for m, op in ms.items()]
        assert len(operations) > 11
        for path, method, operation in operations:
            assert operation["description"], (path, method)
            if path not in ("/healthz", "/api/certificates/{id}"):  # for everybody
                assert operation["security"], (path, method)
                assert operation["responses"]["401"]["content"]["application/json"]["schema"]["$ref"].endswith(
                    "ErrorBody"
                )
        assert (await http.get("/docs")).status_code == 404


async def test_headers_keep_browsers_careful(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        for path in ("/healthz", "/api/runs", "/api/nothing", "/"):
            headers = (await http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "server" not in headers
