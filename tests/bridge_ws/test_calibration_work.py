"""Checks, procedures and the start of a run over HTTP."""

from pathlib import Path

from broker.messages import Command, decode
from broker.topics import Kind
from calibration.register.events import CheckPlan
from tests.bridge_ws.bench import TOPICS, VIEWER, bridge
from tests.bridge_ws.test_calibration_desk import host
from tests.calibration.register.bench import ANNA, register
from tests.support.broker import TestBroker

ICE = CheckPlan(name="ice point", nominal="0.00", warning="0.05", action="0.10", unit="°C", every_days=1)


async def test_a_check_is_kept_under_the_name_of_the_token(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = register(tmp_path)
    made.plan_check("sensor1", ICE, ANNA)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b:
        async with b.http() as http:
            (chart,) = (await http.get("/api/checks")).json()
            assert (chart["item"], chart["status"], chart["checks"]) == ("sensor1", "never", [])
            kept = await http.post("/api/checks", json={"item": "sensor1", "value": "0,07", "note": "fresh ice"})
            assert kept.json()["checks"][-1] | {"t": ""} == {
                "t": "", "value": "0.07", "zone": "warning", "by": "olga", "source": "typed", "note": "fresh ice",
            }  # fmt: skip
            for item, value, status in (("none", "1", 404), ("sensor1", "cold", 409), ("sensor1", "", 422)):
                answer = await http.post("/api/checks", json={"item": item, "value": value})
                assert answer.status_code == status, answer.text
        async with b.http(VIEWER) as http:
            assert (await http.post("/api/checks", json={"item": "sensor1", "value": "0"})).status_code == 403
            assert len((await http.get("/api/checks")).json()[0]["checks"]) == 1


async def test_a_run_is_asked_for(mosquitto: TestBroker, tmp_path: Path) -> None:
    made = register(tmp_path)
    async with (
        host(mosquitto) as client,
        bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b,
        b.http() as http,
    ):
        client.subscribe(TOPICS.cal_cmd("+"))
        await client.subscribed()
        listed = (await http.get("/api/procedures")).json()
        assert listed[0]["id"] == "P-1"
        assert not listed[0]["template"]
        assert "template:pt100-comparison" in {p["key"] for p in listed}
        body = {"procedure": listed[0]["key"], "item": "oven1/temp", "item_id": "sensor1"}
        started = await http.post("/api/calibrations/runs", json=body)
        assert started.status_code == 202
        message = (await client.batch())[0]
        command: Command = decode(Kind.CAL_CMD, message.payload)
        assert message.topic == TOPICS.cal_cmd(started.json()["run"])
        assert (command.name, command.by, command.via) == ("start", "olga", "bridge")
        assert (command.args["item"], command.args["reference"]) == ("oven1/temp", "manual")
        assert 'id = "P-1"' in str(command.args["procedure"])
        wrong = await http.post("/api/calibrations/runs", json=body | {"procedure": "template:alchemy"})
        assert wrong.status_code == 404
