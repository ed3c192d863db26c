"""A calibration end to end: simulated bath, edge, broker, logger, bridge, `labwire cal run` and `labwire cal serve`.

The procedure is shortened to seconds; everything else is real.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from broker.calibration_run import CalibrationEvent, CalibrationRun
from calibration.compute import compute
from calibration.register import Register
from tests.support.broker import password
from tests.support.waiting import eventually
from tests.system.lab import Lab, Program

PROCEDURE = """
schema = "labwire.procedure/1"
id = "T-BATH"
rev = 1
title = "Pt100 in a small bath"
quantity = "temperature"
unit = "°C"
asks = ["immersion depth"]
[points]
values = [20, 22, 24, 26]
order = "up"
check = [23]
[reading]
n = 12
period_s = 0.2
pair_dt_s = 0.05
typed = 3
[settle]
window_s = 1.5
drift = 0.02
s = 0.01
hold_s = 0.3
timeout_s = 60
tau_s = 0.5
[reference]
class = "pt25"
max_age_days = 730
[environment]
temperature = [18, 28]
topic = "lab/bath1/data"
[tolerance]
abs = 0.2
[fit]
model = "poly"
degree = 1
publish = true
[budget]
reference = { from = "standard.U", dist = "normal" }
ref_drift = { half = "0.002" }
resolution = { from = "item.d" }
repeatability = { from = "readings", min_nu = 9 }
settling = { from = "settle" }
fit = { from = "fit" }
[adjust]
allowed = true
kind = "curve"
[steps]
before = ["ice point check"]
"""
ANSWERS = {"ask-1": "160 mm", "before-1": "done", "adjust": "yes"}


class Work:
    """A lab with a bath, a register with what stands in it, and somebody who watches the runs."""

    def __init__(self, lab: Lab, broker: aiomqtt.Client) -> None:
        self.lab, self.broker = lab, broker
        self.states: dict[str, CalibrationRun] = {}
        self.events: list[CalibrationEvent] = []
        self.set_to: float | None = None

    @property
    def register(self) -> Register:
        return Register.open(self.lab.folder / "cal")

    @property
    def config(self) -> str:
        return str(self.lab.folder / "calibration.toml")

    async def cal(self, *args: str) -> str:
        return await self.lab.labwire("cal", *args, "--dir", str(self.register.folder))

    async def serve(self) -> Program:
        """The calibration service, once it is there for others."""
        service = await self.lab.run("calibration", "cal", "serve", "-c", self.config)
        await self.lab.labwire("health", "calibration", "-c", self.config, "--timeout", "30")
        return service

    async def watch(self) -> None:
        """Remember states and events; the bath is set to whatever point a run works on."""
        await self.broker.subscribe("lab/_cal/#", qos=1)
        async for message in self.broker.messages:
            kind, payload = str(message.topic).rsplit("/", 1)[1], bytes(message.payload)
            if kind == "state":
                state = msgspec.json.decode(payload, type=CalibrationRun)
                self.states[state.run] = state
                await self._follow(state)
            elif kind == "event":
                self.events.append(msgspec.json.decode(payload, type=CalibrationEvent))

    async def _follow(self, state: CalibrationRun) -> None:
        if state.nominal is None or state.nominal == self.set_to:
            return
        self.set_to = state.nominal
        async with self.lab.http() as http:
            body = {"name": "set_temperature", "args": {"celsius": state.nominal}}
            answer = await http.post("/api/instruments/bath1/commands", json=body)
            assert answer.json()["state"] == "done", answer.text

    async def order(self, run: str, name: str, by: str = "anna", **args: Any) -> CalibrationEvent:
        """As the bridge hands it on; the answer."""
        id_ = f"{name}-{len(self.events)}-{by}"
        payload = msgspec.json.encode({"id": id_, "name": name, "args": args, "by": by, "via": "ws"})
        await self.broker.publish(f"lab/_cal/{run}/cmd", payload, qos=1)
        found = await eventually(lambda: [e for e in self.events if e.id == id_], 30, f"an answer to {name}")
        return found[0]

    async def does(self, run: str, name: str, by: str = "anna", **args: Any) -> str:
        answer = await self.order(run, name, by, **args)
        assert answer.done, answer.text
        return answer.text

    async def until(self, run: str, *phases: str, timeout: float = 90) -> CalibrationRun:
        def there() -> bool:
            return run in self.states and self.states[run].phase in phases

        await eventually(there, timeout, f"{run} {phases}: {self.states.get(run)}", every=0.05)
        return self.states[run]


@asynccontextmanager
async def work(lab: Lab) -> AsyncIterator[Work]:
    bath = (Path(__file__).parents[2] / "edge/examples/bath.toml").read_text().partition("[[instrument]]")
    table = bath[1] + bath[2].replace("/tmp/lines", str(lab.lines)).replace("every_ms = 1000", "every_ms = 100")
    table = table.replace("simulated = true\n", 'simulated = true\ncorrect = ["pt100"]\n')
    await lab.simulate("bath:bath1")
    lab.tell("bath1", "tau 0.5")
    await lab.logger()
    await lab.edge(table)
    await lab.bridge()
    await eventually(lambda: _online(lab), 30, "the bath online", every=0.1)
    lab._config("calibration", f'calibration_dir = "{lab.folder}/cal"\n', "calibration-main")
    async with aiomqtt.Client(
        "127.0.0.1", lab.broker.port, username="bridge-main", password=password("bridge-main"), identifier="watcher",
        protocol=aiomqtt.ProtocolVersion.V5,
    ) as broker:  # fmt: skip
        made = Work(lab, broker)
        task = asyncio.create_task(made.watch(), name="watch runs")
        try:
            await _register(made)
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _online(lab: Lab) -> bool:
    async with lab.http() as http:
        found = (await http.get("/api/instruments")).json()
        return [i["state"] for i in found if i["instrument"] == "bath1"] == ["online"]


async def _register(made: Work) -> None:
    folder = made.lab.folder
    await made.lab.labwire("cal", "init", "--dir", str(folder / "cal"))
    (folder / "cert.pdf").write_bytes(b"%PDF-1.4 of a service firm")
    (folder / "p.toml").write_text(PROCEDURE)
    await made.cal("item", "add", "pt-7", "--serial", "4711", "--resolution", "0.001", "--by", "anna")
    await made.cal(
        "standard", "add", "ref1", "--certificate", str(folder / "cert.pdf"), "--number", "C-1", "--laboratory", "L",
        "--date", "2026-03-01", "--due", "2027-03-01", "--class", "pt25", "-U", "0.010", "--by", "anna",
    )  # fmt: skip
    for id_, channel in (("pt-7", "bath1/pt100"), ("ref1", "bath1/reference")):
        await made.cal("item", "install", id_, channel, "--by", "anna")


def check_record(register: Register, number: str) -> None:
    """Bath and procedure are known, so the numbers are: offset 0.062, gain 0.0006."""
    record = register.record(number)
    procedure, _ = register.procedure(record.procedure.sha256)
    assert record.state == "performed"
    assert (record.item.id, record.item.serial, [s.id for s in record.standards]) == ("pt-7", "4711", ["ref1"])
    assert record.as_found is not None
    assert record.as_left is not None
    assert [p.nominal for p in record.as_found.points] == ["20", "22", "24", "26"]
    assert [(p.nominal, p.check) for p in record.as_left.points] == [("23", True)]
    assert all(len(p.readings) == 12 and p.settle is not None for p in record.as_found.points)
    assert all(re.fullmatch(r"\d+\.\d{3}", r.I) and r.t for p in record.as_found.points for r in p.readings)
    assert record.environment["temperature"].min.startswith("21.")
    results = compute(record, procedure)
    for point in results["as_found"].points:
        assert point.error == pytest.approx(0.062 + 0.0006 * point.nominal, abs=0.004)
    assert abs(results["as_left"].points[0].error) < 0.004
    assert results["as_left"].passed


GIVEN = [word for key, value in ANSWERS.items() for word in ("--answer", f"{key}={value}")]


async def calibrated(made: Work) -> str:
    """The number of the record that `labwire cal run` makes; the bath is set by who watches."""
    said = await made.lab.labwire(
        "cal", "run", str(made.lab.folder / "p.toml"), "--item", "lab/bath1/pt100", "--reference",
        "lab/bath1/reference", "-c", made.config, "--by", "anna", "--yes", *GIVEN,
    )  # fmt: skip
    return str(re.findall(r"record (\S+) is performed", said)[-1])


async def test_from_the_bath_to_the_record_and_its_pdf(lab: Lab) -> None:
    async with work(lab) as made:
        begin = time.time()
        number = await calibrated(made)
        check_record(made.register, number)
        await eventually(lambda: [s for s in made.states.values() if s.phase == "done"], 10, "the last state")
        state = next(s for s in made.states.values() if s.record == number)
        assert (state.phase, state.host) == ("done", "terminal")
        assert state.end is not None

        await made.cal("pdf", number, "-o", str(lab.folder / "draft.pdf"))
        assert (lab.folder / "draft.pdf").read_bytes().startswith(b"%PDF-")
        await _again_from_the_log(made, number, begin)


async def _again_from_the_log(made: Work, number: str, begin: float) -> None:
    """The same samples out of the store, over the bridge: the same plateaus give the same numbers."""
    span = f"{round(begin * 1000)}..{round((time.time() + 1) * 1000)}"
    token = {"LABWIRE_URL": made.lab.url, "LABWIRE_TOKEN": made.lab.token("anna")}
    await asyncio.sleep(0.5)  # the last samples are being stored
    said = await labwire(
        token, "cal", "run", str(made.lab.folder / "p.toml"), "--item", "lab/bath1/pt100", "--reference",
        "lab/bath1/reference", "--replay", span, "--dir", str(made.register.folder),
        *GIVEN,
    )  # fmt: skip
    again = re.findall(r"record (\S+) is performed", said)[-1]
    assert again != number
    check_record(made.register, again)
    assert made.register.record(again).history[-1].by.authenticated


async def test_what_was_released_is_in_force_when_it_is_calibrated_again(lab: Lab) -> None:
    """The edge corrects by the first record; the second run reads raw, and as found shows what the correction left."""
    async with work(lab) as made:
        await made.serve()
        first = await calibrated(made)
        token = {"LABWIRE_URL": lab.url, "LABWIRE_TOKEN": lab.token("anna")}
        for step in ("review", "release"):
            await labwire(token, "cal", step, first, "--dir", str(made.register.folder))
        assert made.register.document(first, 1, "certificate") is not None
        await eventually(lambda: _corrected_by(lab, first), 60, "the edge correcting", every=0.5)
        made.set_to = None

        second = made.register.record(await calibrated(made))
        assert second.as_found is not None
        assert second.as_found.applied is not None
        assert second.as_found.applied.certificate == first
        assert float(second.as_found.points[0].readings[0].I) == pytest.approx(20.074, abs=0.02)
        results = compute(second, made.register.procedure(second.procedure.sha256)[0])
        assert all(abs(point.error) < 0.005 for point in results["as_found"].points)
        fit = results["as_found"].fit
        assert fit is not None
        assert fit.curve.value(23.0) == pytest.approx(-0.0758, abs=0.003)


async def _corrected_by(lab: Lab, number: str) -> bool:
    async with lab.http() as http:
        found = (await http.get("/api/instruments")).json()
    channels = [i["calibration"] for i in found if i["instrument"] == "bath1"]
    return bool(channels) and channels[0].get("pt100", {}).get("id") == number


async def labwire(env: dict[str, str], *args: str) -> str:
    """Run a command as a user with a token would."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "labwire", *args, env={**os.environ, **env},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = (text.decode() for text in await process.communicate())
    assert process.returncode == 0, f"{out}{err}"
    return out


async def test_the_service_is_killed_while_a_point_is_read_and_nothing_accepted_is_lost(lab: Lab) -> None:
    async with work(lab) as made:
        service = await made.serve()
        args = {"procedure": PROCEDURE, "item": "lab/bath1/pt100", "reference": "lab/bath1/reference"}
        await made.does("r1", "start", **args)
        assert not (await made.order("r1", "next")).done
        await made.does("r1", "answer", **{"ask-1": "160 mm", "before-1": "done"})
        await made.does("r1", "next")
        await point(made, "r1", "anna")
        await made.does("r1", "next", "ben")
        await made.until("r1", "reading")
        await _killed(service)
        before = made.register.folder / "runs" / "r1.json"
        assert before.exists()
        made.states.clear()
        await service.start()

        state = await made.until("r1", "settling", "reading", "review")
        assert [row.nominal for row in state.results][:1] == ["20"]
        await made.until("r1", "review")
        await made.does("r1", "accept", "ben")
        for _ in range(2):
            await point(made, "r1", "anna")
        assert (await made.until("r1", "adjust")).correction
        await made.does("r1", "answer", key="adjust", value="yes")
        await made.does("r1", "next")
        await point(made, "r1", "ben")
        await made.until("r1", "finish")
        await made.does("r1", "next", "ben")
        done = await made.until("r1", "done")
        check_record(made.register, done.record)
        performed = made.register.record(done.record).history[-1]
        assert (performed.by.name, performed.by.authenticated) == ("ben", True)
        assert performed.reason == "together with anna"
        assert [row.by for row in done.results] == ["anna", "ben", "anna", "anna", "ben"]
        assert any("after a restart" in entry.text for entry in done.log)


async def point(made: Work, run: str, by: str) -> None:
    await made.until(run, "set")
    await made.does(run, "next", by)
    await made.until(run, "review")
    await made.does(run, "accept", by)


async def _killed(service: Program) -> None:
    assert service.process is not None
    service.process.kill()
    await service.process.wait()


async def test_what_may_not_begin_does_not(lab: Lab) -> None:
    async with work(lab) as made:
        await made.serve()
        args = {"procedure": PROCEDURE, "item": "lab/bath1/pt100", "reference": "lab/bath1/reference"}
        tight = PROCEDURE.replace("abs = 0.2", "abs = 0.01")
        refused = {
            "class": {**args, "procedure": PROCEDURE.replace('"pt25"', '"spam"')},
            "no pass is possible": {**args, "procedure": tight},
            "has no channel": {**args, "item": "lab/bath1/spam"},
            "nothing is known of": {**args, "item": "lab/nobody/temp"},
            "the procedure cannot be used": {**args, "procedure": "spam"},
        }
        for k, (why, given) in enumerate(refused.items()):
            answer = await made.order(f"no-{k}", "start", **given)
            assert not answer.done
            assert why in answer.text
        await made.does("forced", "start", **{**args, "procedure": tight, "force": "only to see"})
        state = await made.until("forced", "prepare")
        assert state.can == ["answer", "next", "abort"]
        await made.does("forced", "abort", reason="seen")
        assert (await made.until("forced", "aborted")).end is not None
