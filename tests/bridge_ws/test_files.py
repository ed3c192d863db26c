"""Exports and the ledger over real HTTP: what a scientist's notebook does."""

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from bridge_ws import download
from broker.messages import Hold, Status
from broker.topics import Kind, Topics
from logger.daybook import Daybook
from logger.store import History
from tests.bridge_ws.bench import VIEWER, Bridge, bridge
from tests.logger.export import support
from tests.logger.support import BOOT, T_MS, block, data, open_store, packet, write
from tests.support.broker import TestBroker
from tests.support.waiting import eventually


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return support.make(tmp_path)


def read(b: Bridge, what: str, **options: Any) -> Any:
    """As pandas does it: a URL, and the token as a header."""
    url = f"{b.url}/api/export?{what}"
    headers = {"Authorization": f"Bearer {VIEWER}"}
    return (
        pd.read_parquet(url, storage_options=headers)
        if "parquet" in what
        else pd.read_csv(url, storage_options=headers, **options)
    )


async def test_pandas_reads_it_by_its_address(mosquitto: TestBroker, tmp_path: Path, database: Path) -> None:
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b:
        frame = await asyncio.to_thread(read, b, "instrument=oven1&format=parquet&tz=Europe/Berlin")
        assert frame["temp"].tolist() == [21.5, 22.5, -1.5]
        assert str(frame["time"].dt.tz) == "Europe/Berlin"
        assert frame["time"].astype("int64").tolist() == frame["t_us"].tolist()
        assert [None if pd.isna(v) else v for v in frame["mode"]] == ["=1+1", None, None]
        steps = await asyncio.to_thread(read, b, "every=10ms&format=parquet&agg=mean,max&channel=x")
        assert steps["vib1.x max"].tolist() == [9.0, 19.0, 29.0, 39.0]
        german = await asyncio.to_thread(read, b, "instrument=oven1&excel=de", sep=";", decimal=",")
        assert german["temp (°C)"].tolist() == [21.5, 22.5, -1.5]


async def test_the_same_bytes_as_on_the_command_line(mosquitto: TestBroker, tmp_path: Path, database: Path) -> None:
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b, b.http(VIEWER) as http:
        answer = await http.get("/api/export", params={"from": T_MS, "to": "2026-11-20T23:59:59.002"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert (
            answer.headers["content-disposition"] == 'attachment; filename="labwire-2-instruments-20261120T235959Z.csv"'
        )
        assert answer.text.splitlines() == support.lines(database, from_us=T_MS * 1000, to_us=(T_MS + 2) * 1000)
        answer = await http.get("/api/export", params={"format": "zip", "inner": "parquet", "run": "melt-7"})
        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["oven1.parquet", "manifest.json"]


async def test_what_is_wrong_is_one_sentence(mosquitto: TestBroker, tmp_path: Path, database: Path) -> None:
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b, b.http(VIEWER) as http:
        for query, status, code, says in [
            ("instrument=nope", 404, "nothing_there", "no samples of 'nope'"),
            ("run=nope", 404, "nothing_there", "there is no run"),
            ("format=xls", 422, "invalid", "format"),
            ("tz=Mars", 422, "invalid", "is no time zone"),
            ("from=yesterday", 422, "invalid", "is no time"),
            ("from=99999999999999999", 422, "invalid", "ms since the epoch"),
            ("from=2&to=1", 422, "invalid", "from is not before to"),
            ("every=x", 422, "invalid", "is no step"),
            ("every=1s&agg=x", 422, "invalid", "is no aggregate"),
            ("excel=de&format=parquet", 422, "invalid", "decimal comma"),
        ]:
            answer = await http.get(f"/api/export?{query}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), query
            assert says in answer.json()["error"]["message"], query
        for query, status in [
            ("instrument=nope", 404),
            ("day=x", 422),
            ("day=2026-11-20&from=1", 422),
            ("from=2&to=1", 422),
            ("tz=x", 422),
        ]:
            assert (await http.get(f"/api/ledger?{query}")).status_code == status, query
    async with bridge(mosquitto, tmp_path / "2") as b, b.http(VIEWER) as http:
        assert (await http.get("/api/export")).status_code == 503


async def test_a_token_is_needed(mosquitto: TestBroker, tmp_path: Path, database: Path) -> None:
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b, b.http(None) as http:
        assert (await http.get("/api/export")).status_code == 401
        assert (await http.get("/api/ledger")).status_code == 401


async def test_the_ledger_of_a_day(mosquitto: TestBroker, tmp_path: Path, database: Path) -> None:
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b, b.http(VIEWER) as http:
        oven, vib = (await http.get("/api/ledger?day=2026-11-20")).json()
        assert (oven["instrument"], oven["expected"], oven["stored"], oven["missing"]) == ("oven1", 4, 3, 1)
        assert oven["gaps"][0]["reason"] == "overflow"
        assert (vib["instrument"], vib["complete"], vib["stored"]) == ("vib1", True, 40)
        (there,) = (await http.get("/api/ledger?day=2026-11-21&tz=Europe/Berlin&instrument=vib1")).json()
        assert (there["stored"], there["to"] - there["from"]) == (40, 24 * 3600 * 1000)
        (none,) = (await http.get("/api/ledger?day=2026-11-21&instrument=vib1")).json()
        assert (none["stored"], none["expected"]) == (0, 0)
        (part,) = (await http.get(f"/api/ledger?from={T_MS}&to={T_MS + 10}&instrument=vib1")).json()
        assert part["stored"] == 10


def large(folder: Path) -> Path:
    store = open_store(folder)
    for k in range(60):
        write(store, block(k * 5000, 5000, {"temp": [j * 1.1 for j in range(5000)]}))
    store.close()
    return folder / "labwire.db"


async def test_a_client_that_goes_away_frees_its_place_and_the_store(mosquitto: TestBroker, tmp_path: Path) -> None:
    database = large(tmp_path)
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b:
        for _ in range(2 * download.AT_A_TIME):
            async with b.http(VIEWER) as http, http.stream("GET", "/api/export") as answer:
                async for _part in answer.aiter_bytes():
                    break
            await eventually(lambda: _free(b), what="the place given back")
    with History(database) as history:
        assert history.span("oven1") is not None


async def _free(b: Bridge) -> bool:
    async with b.http(VIEWER) as http:
        return (await http.get(f"/api/export?to={T_MS + 1}")).status_code == 200


async def test_no_more_than_a_few_at_a_time(mosquitto: TestBroker, tmp_path: Path) -> None:
    database = large(tmp_path)
    async with bridge(mosquitto, tmp_path, history_db=str(database)) as b, b.http(VIEWER) as http:
        async with http.stream("GET", "/api/export") as one, http.stream("GET", "/api/export") as two:
            assert (one.status_code, two.status_code) == (200, 200)
            third = await http.get("/api/export")
            assert (third.status_code, third.json()["error"]["code"]) == (503, "busy")
        await eventually(lambda: _free(b), what="the places given back")


async def test_what_cannot_be_finished_is_cut_off(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that stops reading gets no end: nobody takes what came for a whole file."""
    database = large(tmp_path)
    monkeypatch.setattr(download, "STALL_S", 0.3)
    async with (
        bridge(mosquitto, tmp_path, history_db=str(database)) as b,
        b.http(VIEWER) as http,
        http.stream("GET", "/api/export") as answer,
    ):
        parts = answer.aiter_raw()
        await anext(parts)
        await eventually(lambda: "its client takes nothing" in caplog.text, what="the download cut")
        with pytest.raises(httpx.RemoteProtocolError):
            [part async for part in parts]


def test_held_by_its_sender_is_not_missing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    status = Status(state="online", boot=BOOT, hold=[Hold(BOOT, 0, 3)])
    write(store, packet(Kind.STATUS, status), data(0))
    store.close()
    with History(tmp_path / "labwire.db") as history:
        account = Daybook(history, Topics(), (T_MS + 5) * 1000).account("oven1", T_MS * 1000, (T_MS + 5) * 1000)
    assert (account.lost, sum(m.n for m in account.coming), account.complete) == (0, 2, False)
