"""Calibrations over HTTP: a real register, a real web server, real documents."""

import hashlib
from pathlib import Path

from calibration import record as records
from calibration.register import Register
from calibration.register.life import withdraw
from tests.bridge_ws.bench import VIEWER, bridge
from tests.calibration.register.bench import ANNA, performed, register, reviewed
from tests.support.broker import TestBroker


def filled(folder: Path) -> tuple[Register, str, str]:
    """A register with a reviewed record and one that was only performed; the sensor sits at the oven."""
    made = register(folder)
    made.install("sensor1", "oven1", "temp", "2026-11-01T00:00:00Z", ANNA)
    return made, reviewed(made).id, performed(made).id


async def test_without_a_register_one_sentence_says_so(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.http() as http:
        for path in ("/api/calibrations", "/api/items", "/api/standards", "/api/calibrations/K-1"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_register")
            assert "calibration_dir" in answer.json()["error"]["message"]


async def test_the_register_is_read(mosquitto: TestBroker, tmp_path: Path) -> None:
    made, first, second = filled(tmp_path)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b, b.http(VIEWER) as http:
        listed = {line["id"]: line for line in (await http.get("/api/calibrations")).json()}
        assert {id_: line["state"] for id_, line in listed.items()} == {first: "reviewed", second: "performed"}
        assert (listed[first]["passed"], listed[first]["item"], listed[first]["by"]) == (True, "sensor1", "bert")
        items = (await http.get("/api/items")).json()
        assert items[0]["placements"] == [
            {"instrument": "oven1", "channel": "temp", "from": "2026-11-01T00:00:00Z", "to": None}
        ]
        standards = (await http.get("/api/standards")).json()
        assert [(s["id"], s["due"], s["certificates"]) for s in standards] == [("gauge", "2027-01-10", 1)]
        detail = (await http.get(f"/api/calibrations/{first}")).json()
        assert detail["problem"] == ""
        point = detail["results"]["as_found"]["points"][0]
        assert point["printed"]["U"]
        assert abs(point["U"] - float(point["printed"]["U"])) < 0.06 * point["U"]
        assert [step["state"] for step in detail["history"]] == ["performed", "reviewed"]
        assert detail["chain"][-1]["event"] == "reviewed"
        for path, status in (("K-none", 404), (f"{first}/poem.pdf", 404), (f"{first}?rev=7", 404), ("a%20b", 422)):
            assert (await http.get(f"/api/calibrations/{path}")).status_code == status, path


async def test_a_draft_is_drawn_and_a_release_is_kept(mosquitto: TestBroker, tmp_path: Path) -> None:
    made, first, _ = filled(tmp_path)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b, b.http() as http:
        draft = await http.get(f"/api/calibrations/{first}/certificate.pdf?language=de")
        assert (draft.status_code, draft.headers["x-labwire-draft"]) == (200, "1")
        assert draft.content.startswith(b"%PDF-1.7")
        assert "draft" in draft.headers["content-disposition"]
        released = await http.post(f"/api/calibrations/{first}/state", json={"state": "released"})
        assert (released.status_code, released.json()["state"]) == (200, "released")
        assert set(released.json()["documents"]) == {"certificate", "protocol", "dcc", "csv"}
        assert made.record(first).history[-1].by.name == "olga"
        assert made.record(first).history[-1].by.authenticated
        for file, kind in (("certificate.pdf", "certificate"), ("dcc.xml", "dcc"), ("points.csv", "csv")):
            kept = await http.get(f"/api/calibrations/{first}/{file}")
            assert kept.headers["x-labwire-draft"] == "0"
            assert hashlib.sha256(kept.content).hexdigest() == made.record(first).files[kind]


async def test_what_the_register_refuses_is_refused_here(mosquitto: TestBroker, tmp_path: Path) -> None:
    made, _, second = filled(tmp_path)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b:
        async with b.http(VIEWER) as http:
            answer = await http.post(f"/api/calibrations/{second}/state", json={"state": "reviewed"})
            assert answer.status_code == 403
        async with b.http() as http:
            answer = await http.post(f"/api/calibrations/{second}/state", json={"state": "released"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "refused")
            assert "performed" in answer.json()["error"]["message"]
            done = await http.post(f"/api/calibrations/{second}/state", json={"state": "reviewed"})
            assert done.json()["state"] == "reviewed"
            answer = await http.post(f"/api/calibrations/{second}/state", json={"state": "withdrawn"})
            assert answer.status_code == 409
            assert "why" in answer.json()["error"]["message"]


async def test_what_is_due_and_what_became_of_an_item(mosquitto: TestBroker, tmp_path: Path) -> None:
    made, first, _ = filled(tmp_path)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b, b.http() as http:
        before = {line["id"]: line["status"] for line in (await http.get("/api/due")).json()}
        assert before["sensor1"] == "never"
        await http.post(f"/api/calibrations/{first}/state", json={"state": "released"})
        after = {line["id"]: line for line in (await http.get("/api/due?within_days=3650")).json()}
        assert (after["sensor1"]["by"], after["sensor1"]["instrument"]) == (first, "oven1")
        assert after["gauge"]["status"] in ("due", "overdue")
        item = (await http.get("/api/items/sensor1")).json()
        assert [c["id"] for c in item["calibrations"]] == [first]
        assert item["calibrations"][0]["left"]["passed"] is True
        calendar = await http.get("/api/due.ics")
        assert calendar.headers["content-type"].startswith("text/calendar")
        assert b"BEGIN:VCALENDAR" in calendar.content
        assert (await http.get("/api/items/none")).status_code == 404


async def test_whoever_holds_the_paper_may_ask_what_it_is_worth(mosquitto: TestBroker, tmp_path: Path) -> None:
    made, first, _ = filled(tmp_path)
    async with bridge(mosquitto, tmp_path, calibration_dir=str(made.folder)) as b:
        async with b.http() as http:
            await http.post(f"/api/calibrations/{first}/state", json={"state": "released"})
        sha = records.sha256(made.record(first))[:32]
        async with b.http(None) as http:
            known = (await http.get(f"/api/certificates/{first}?sha={sha}")).json()
            assert (known["known"], known["state"], known["item"], known["newest"]) == (True, "released", "sensor1", 1)
            for id_, hash_ in ((first, "0" * 32), ("K-none", sha)):
                assert (await http.get(f"/api/certificates/{id_}?sha={hash_}")).json() == {"known": False}
            assert (await http.get(f"/api/certificates/{first}?sha=")).status_code == 422
            page = await http.get(f"/cal/{first}")
            assert "certificate.js" in page.text
        withdraw(made, first, ANNA, "the bath was not stirred")
        async with b.http(None) as http:
            assert (await http.get(f"/api/certificates/{first}?sha={sha}")).json()["state"] == "withdrawn"
