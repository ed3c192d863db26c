"""The WebSocket: who gets in, what they get, and that nothing they send does harm."""

import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge_ws import tokens
from bridge_ws.outbox import Outbox
from broker.messages import Meta
from broker.topics import Kind
from tests.bridge_ws.bench import META, OPERATOR, TOKENS, VIEWER, Bridge, bridge, instrument, now_ms
from tests.support.broker import TestBroker


async def closed(b: Bridge, first: str | bytes | None) -> tuple[int, dict[str, Any]]:
    """What a client that begins with ``first`` is told: the close code and the error before it."""
    said: dict[str, Any] = {}
    async with b.socket() as link:
        if first is not None:
            await link.send(first)
        with contextlib.suppress(ConnectionClosed):
            async for text in link:
                said = json.loads(text)
        return link.close_code or 0, said


async def test_hello_decides_who_gets_in(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        code, said = await closed(b, '{"op":"hello"}')
        assert (code, said["op"], said["code"]) == (4401, "error", "no_token")
        code, said = await closed(b, '{"op":"hello","token":"wrong"}')
        assert (code, said["code"]) == (4401, "bad_token")
        for wrong in ("nonsense", '{"op":"sub","id":1,"filter":"lab/#"}', b"\0\1"):
            code, said = await closed(b, wrong)
            assert code == 4400
            assert said["text"]
        async with b.page(VIEWER) as page:
            assert page.welcome["role"] == "viewer"
            assert page.welcome["version"] == 1
            assert page.welcome["root"] == "lab"
            assert abs(page.welcome["now"] - now_ms()) < 60_000
            assert page.socket.subprotocol == "labwire.v1"


async def test_anonymous_viewers_only_where_allowed(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path, anonymous="viewer") as b, b.page(None) as page:
        assert (page.welcome["role"], page.welcome["name"]) == ("viewer", "anonymous")


async def test_too_many_wrong_tokens_are_told_to_wait(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        said = [(await closed(b, '{"op":"hello","token":"wrong"}'))[1]["code"] for _ in range(12)]
        assert said == ["bad_token"] * 10 + ["too_many_tries"] * 2
        async with b.page() as page:  # the right one still opens
            assert page.welcome["role"] == "operator"


async def test_a_page_from_elsewhere_is_refused(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path, allowed_origins=["https://lab.example"]) as b:
        with pytest.raises(InvalidStatus):
            async with b.page(origin="https://evil.example"):
                pass
        for good in (b.url, "https://lab.example"):
            async with b.page(origin=good):
                pass


async def test_a_token_taken_back_ends_its_session(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with (
        bridge(mosquitto, tmp_path) as b,
        instrument(mosquitto) as balance,
        b.page() as page,
        b.page(VIEWER) as watcher,
    ):
        await watcher.send(op="sub", id=1, filter="lab/balance1/#", encoding="json")
        await balance.appear()
        await page.until(op="describe", state="online")
        Path(b.config.tokens_file).write_text(tokens.render(TOKENS[1:]))
        await page.send(op="command", id="c", instrument="balance1", name="tare")
        assert await page.ended() == 4401
        await balance.sample(weight=1.0)
        await watcher.until(op="message", topic="lab/balance1/data")
        assert "lab/balance1/cmd" not in [m.get("topic") for m in watcher.seen]


async def test_values_are_coalesced_with_their_quality(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/balance1/data")
        await balance.sample(weight=1.0)
        await page.value("balance1", "weight", 1.0)
        ts = await balance.sample(weight=2.5, q={"weight": "uncertain"}, mode="tare")
        assert await page.value("balance1", "weight", 2.5) == [ts, 2.5, "uncertain"]
        ts = await balance.sample(weight=None, q={"weight": "nan"})
        assert await page.value("balance1", "weight", None) == [ts, None, "nan"]


async def test_a_new_subscription_gets_what_is_known(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data")
        await balance.sample(weight=1.0, mode="ramp")
        await page.value("balance1", "weight", 1.0)
        async with b.page() as later:
            described = await later.until(op="describe", instrument="balance1")
            await later.send(op="sub", id=1, filter="lab/+/data")
            await later.value("balance1", "weight", 1.0)
            channel = next(m for m in later.seen if m["op"] == "channel" and m["channel"] == "weight")
        assert described["state"] == "online"
        assert (channel["unit"], channel["type"]) == ("g", "float")


async def test_samples_come_as_binary_columns(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data", mode="samples")
        first = await balance.sample(weight=0.5, mode="ramp")
        t0 = await balance.block(weight=[1.0, 2.0, None, 4.0], stable=[True, True, False, True])
        got = await page.samples("balance1", "weight", 4)
        assert got == [(first * 1000, 0.5), (t0, 1.0), (t0 + 1000, 2.0), (t0 + 3000, 4.0)]
        await page.send(op="unsub", id=1)
        await balance.sample(weight=9.0)
        await page.send(op="sub", id=2, filter="lab/+/data")
        await page.value("balance1", "weight", 9.0)
        assert page.seen[-1]["op"] == "values"
        values = [v for m in page.seen if m["op"] == "values" for v in m["v"].values()]
        assert [v[1] for v in values if isinstance(v[1], (bool, str))][:2] in ([True, "ramp"], ["ramp", True])


async def test_steps_come_as_smallest_and_largest(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data", mode="samples", step_ms=20)
        t0 = await balance.block(weight=[float(k) for k in range(200)], t0_us=(now_ms() // 20 * 20) * 1000)
        frame = await page.until(op="frame")
        (part,) = frame["parts"]
        assert part.header.minmax
        assert (part.header.t0_us, part.header.dt_us, part.header.count) == (t0, 20_000, 10)
        np.testing.assert_array_equal(part.columns[0], np.arange(0, 200, 20))
        np.testing.assert_array_equal(part.columns[1], np.arange(19, 200, 20))


async def test_a_client_that_was_away_catches_up(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance:
        await balance.appear()
        async with b.page() as page:
            await page.send(op="sub", id=1, filter="lab/+/data", mode="samples")
            seen = await balance.sample(weight=1.0)
            await page.samples("balance1", "weight", 1)
        missed = [await balance.sample(ts=seen + k, weight=float(k)) for k in (100, 200, 300)]
        async with b.page() as page:
            await page.send(op="sub", id=2, filter="lab/+/data")
            await page.value("balance1", "weight", 300.0)
            await page.send(op="sub", id=1, filter="lab/+/data", mode="samples", since=seen + 1)
            got = await page.samples("balance1", "weight", 3)
            assert [t for t, _ in got] == [ts * 1000 for ts in missed]
            await page.send(
                op="sub", id=3, filter="lab/+/block", channels=["stable"], mode="samples", since=seen - 3_600_000
            )
            too_old = await page.until(op="too_old")
            assert too_old["id"] == 3
            assert too_old["from"] > seen - 60_000


async def test_plain_clients_get_messages_as_they_are(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await page.send(op="sub", id=1, filter="lab/balance1/#", encoding="json")
        meta = await page.until(op="message", topic="lab/balance1/meta")
        assert meta["payload"]["name"] == "Balance"
        ts = await balance.sample(weight=1.5)
        message = await page.until(op="message", topic="lab/balance1/data")
        assert message["payload"] == {"ts": ts, "boot": balance.boot, "seq": 0, "values": {"weight": 1.5}}
        await balance.put(Kind.LAST, {"ts": ts, "weight": 1.5}, retain=True, qos=0)
        last = await page.until(op="message", topic="lab/balance1/last")
        assert last["payload"]["weight"] == 1.5
        async with b.page() as other:  # what is retained reaches those who come later too
            await other.send(op="sub", id=1, filter="lab/+/last", encoding="json")
            assert (await other.until(op="message"))["payload"] == last["payload"]


async def test_late_blocks_become_a_hint(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data", mode="samples")
        t0 = await balance.block(late=True, t0_us=now_ms() * 1000 - 3_600_000_000, weight=[1.0, 2.0])
        await balance.block(late=True, t0_us=t0 + 1_000_000, weight=[3.0, 4.0])
        hint = await page.until(op="backfill")
        assert hint["instrument"] == "balance1"
        assert (hint["from"], hint["to"]) == (t0 // 1000, t0 // 1000 + 1002)
        assert not any(m["op"] == "frame" for m in page.seen)


async def test_duplicates_are_shown_once(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data", mode="samples")
        for value in (1.0, 2.0):
            balance.seq = 0
            await balance.sample(weight=value)
        await balance.sample(weight=3.0)
        got = await page.samples("balance1", "weight", 2)
        assert [v for _, v in got] == [1.0, 3.0]


async def test_links_tell_who_is_there(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await balance.status("offline", reason="cable")

        async def link() -> dict[str, Any]:
            return dict(await page.until(op="links"))

        while (found := await link())["instruments"].get("balance1", {}).get("state") != "offline":
            pass
        assert found["broker"] == "up"
        assert found["instruments"]["balance1"]["reason"] == "cable"
        await mosquitto.kill()
        while (found := await link())["broker"] != "down":
            pass
        assert found["reason"]
        await mosquitto.start()
        while (found := await link())["broker"] != "up":
            pass


async def test_an_age_that_matters_is_said_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await balance.sample(weight=1.0)
        ages: list[int] = []
        while len(ages) < 3:
            age = (await page.until(op="links"))["instruments"].get("balance1", {}).get("age_ms")
            ages += [age] if age else []
        assert ages == sorted(ages)
        assert ages[-1] > 1000


async def test_a_deleted_instrument_is_gone(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await balance.put(Kind.META, b"", retain=True)
        await balance.put(Kind.STATUS, b"", retain=True)
        assert (await page.until(op="gone"))["instrument"] == "balance1"


async def test_a_changed_unit_is_announced_again(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        await balance.appear()
        await page.send(op="sub", id=1, filter="lab/+/data")
        await balance.sample(weight=1.0)
        await page.value("balance1", "weight", 1.0)
        number = page.channels["balance1", "weight"]
        channels = META.channels | {"weight": type(META.channels["weight"])(unit="kg")}
        await balance.put(Kind.META, Meta(channels=channels), retain=True)
        again = await page.until(op="channel", channel="weight")
        assert (again["n"], again["unit"]) == (number, "kg")


async def test_garbage_from_clients_is_answered_and_harms_nobody(mosquitto: TestBroker, tmp_path: Path) -> None:
    garbage = [
        "",
        "null",
        "[1,2",
        '{"op":"nix"}',
        '{"op":"sub","id":true}',
        '{"op":"hello"}',
        "\ud7ff" * 99,
        "[" * 60_000,
    ]
    filters = ["lab/#/x", "lab/+/event", "", "x" * 999, "lab/\0/data"]
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page() as page:
        for text in garbage:
            await page.socket.send(text)
            assert (await page.until(op="error"))["code"] == "bad_message"
        await page.socket.send(b"\0\1\2")
        assert (await page.until(op="error"))["code"] == "bad_message"
        for k, filter_ in enumerate(filters):
            await page.send(op="sub", id=k, filter=filter_)
            error = await page.until(op="error")
            assert (error["code"], error["id"]) == ("bad_filter", k)
        await page.send(op="unsub", id=77)
        assert (await page.until(op="error"))["code"] == "unknown_subscription"
        await page.send(op="sub", id=1, filter="lab/+/data")
        await page.send(op="sub", id=1, filter="lab/+/data")
        assert "in use" in (await page.until(op="error"))["text"]
        await balance.appear()
        await balance.sample(weight=1.0)
        await page.value("balance1", "weight", 1.0)


async def test_limits_of_a_client(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        async with b.page() as page:
            for k in range(101):
                await page.send(op="sub", id=k, filter=f"lab/i{k}/data")
            assert "at most 100" in (await page.until(op="error"))["text"]
        async with b.page() as page:
            await page.socket.send('"' + "x" * 70_000 + '"')
            assert await page.ended() == 1009
        async with b.page() as page:
            for _ in range(102):
                await page.socket.send("x")
            assert await page.ended() == 4400


def narrow(port: int) -> socket.socket:
    """A connection whose owner soon has to read before more can come."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    made.connect(("127.0.0.1", port))
    return made


async def test_a_slow_client_loses_frames_and_nobody_else_notices(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as fast:
        await fast.appear()
        async with b.page(sock=narrow(b.config.port), max_queue=2) as slow, b.page() as quick:
            for page in (slow, quick):
                await page.until(op="describe", state="online")
                await page.send(op="sub", id=1, filter="lab/+/data", mode="samples")
                await page.until(op="channel", channel="weight")
            for k in range(100):
                cols: dict[str, Any] = {f"c{c}": [0.5 + k] * 200 for c in range(20)}
                await fast.block(dt_us=10, **cols)
                assert len(await quick.samples("balance1", "c7", 200)) == 200, k
            lag = await slow.until(op="lag")
            assert lag["dropped"] > 0
            await fast.sample(weight=42.0)
            assert await slow.samples("balance1", "weight", 1)  # it goes on, with what is new
            assert not any(m["op"] == "lag" for m in quick.seen)


async def test_a_client_that_takes_nothing_is_cut(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge_ws.ws.BLOCKED_S", 0.2)
    monkeypatch.setattr("bridge_ws.ws.CLOSE_S", 0.2)
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as fast, b.page() as quick:
        await quick.send(op="sub", id=1, filter="lab/_sys/bridge/+/audit", encoding="json")
        await quick.send(op="sub", id=2, filter="lab/+/block", encoding="json")
        async with b.page(VIEWER, sock=narrow(b.config.port), max_queue=1, close_timeout=0.5) as stuck:
            await stuck.send(op="sub", id=1, filter="lab/+/data", mode="samples")
            ended: dict[str, Any] = {}
            while ended.get("action") != "session closed":
                await fast.block(dt_us=10, c1=[0.5] * 5000)
                ended = (await quick.until(op="message"))["payload"]
            assert ended["by"] == "victor"


async def test_too_much_that_may_not_be_dropped_ends_the_client(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge_ws.page.Outbox", lambda: Outbox(most_control=3))
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance:
        await balance.appear()
        async with b.page() as page:
            for k in range(50):
                await page.send(op="unsub", id=k)
            for k in range(50):
                await balance.put(Kind.EVENT, {"ts": now_ms(), "kind": "k", "text": f"{k}"}, qos=0)
            await page.send(op="sub", id=1, filter="lab/balance1/data", channels=["weight"])
            code = await page.ended()
            assert code == 1013
            assert page.seen[-1]["code"] == "too_slow"


async def test_viewers_cannot_command(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, instrument(mosquitto) as balance, b.page(VIEWER) as page:
        await balance.appear()
        await page.until(op="describe", state="online")
        await page.send(op="command", id="c1", instrument="balance1", name="tare")
        state = await page.until(op="command")
        assert (state["id"], state["state"], state["error"]["code"]) == ("c1", "rejected", "forbidden")
        await page.send(op="sub", id=1, filter="lab/+/data")  # it is still welcome
        await balance.sample(weight=1.0)
        await page.value("balance1", "weight", 1.0)


async def test_hello_has_to_come_in_time(
    mosquitto: TestBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge_ws.ops.HELLO_WITHIN_S", 0.05)
    async with bridge(mosquitto, tmp_path) as b:
        code, said = await closed(b, None)
        assert (code, said["code"]) == (4400, "no_hello")


async def test_sessions_are_on_record_without_their_tokens(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b, b.page() as watcher:
        await watcher.send(op="sub", id=1, filter="lab/_sys/bridge/+/audit", encoding="json")
        await watcher.until(op="message")  # its own subscription
        async with b.page(VIEWER) as page:
            await page.send(op="sub", id=5, filter="lab/+/data")
        await closed(b, '{"op":"hello","token":"wrong-secret"}')
        records: list[dict[str, Any]] = []
        while not records or records[-1]["action"] != "token refused":
            records.append((await watcher.until(op="message"))["payload"])
        assert [r["action"] for r in records if r["by"] == "victor"] == [
            "session opened",
            "subscribed",
            "session closed",
        ]
        for secret in (OPERATOR, VIEWER, "wrong-secret"):
            assert secret not in json.dumps(watcher.seen)
