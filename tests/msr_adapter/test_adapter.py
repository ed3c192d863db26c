"""The adapter against the simulator: every sample as the server sent it, through everything a server does."""

import asyncio
import math
import re
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from broker.commands import CommandFailed
from broker.messages import Value
from broker.mosquitto import free_port
from msr_adapter.adapter import Adapter
from msr_adapter.member import Member
from msr_adapter.session import Address
from msr_adapter.simulator.journal import Sent
from msr_adapter.simulator.run import Settings, simulating
from msr_adapter.simulator.server import Server
from msr_adapter.tables import InstrumentTable
from tests.msr_adapter.support import Reading, Recorder, Row, adapting, instrument, parsed, plant, sent
from tests.support.waiting import eventually

EVERYTHING = 'signals = ["/**"]'


def settings(folder: Path, *faults: str) -> Settings:
    return Settings(journal=folder / "journal", signals=8, seed=1, faults=faults)


def same(got: Row, t_ns: int, value: float) -> bool:
    """Bit for bit what was sent."""
    if got.t_us != t_ns // 1000:
        return False
    if isinstance(value, float):
        return isinstance(got.value, float) and struct.pack("d", got.value) == struct.pack("d", value)
    return not isinstance(got.value, float) and got.value is not None and int(got.value) == value


def expected(frames: Sequence[Sent], element: int) -> list[tuple[int, float]]:
    return [(t, f.values[k * f.count + element]) for f in frames for k, t in enumerate(f.t_ns)]


def compare(out: Recorder, frames: dict[bytes, list[Sent]], *, least: int = 1) -> int:
    """Everything published is what was sent, in order, none left out but the very last; how many values."""
    names = {c.source: ch for ch, c in out.meta.channels.items()}
    compared = 0
    for path, sent_frames in frames.items():
        for element in range(sent_frames[0].count):
            channel = _channel(names, path, sent_frames[0].count, element)
            got, wanted = out.rows.get(channel, []), expected(sent_frames, element)
            assert len(got) >= least, f"{channel}: {len(got)} rows"
            wrong = [(k, g, w) for k, (g, w) in enumerate(zip(got, wanted, strict=False)) if not same(g, *w)]
            assert not wrong, f"{channel}: {wrong[:3]}"
            assert len(got) <= len(wanted)
            compared += len(got)
    return compared


def _channel(names: dict[str, str], path: bytes, count: int, element: int) -> str:
    text = path.decode()
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    text = text.replace("&amp;", "&")
    if count == 1 and text in names:
        return names[text]
    found = [ch for source, ch in names.items() if source.startswith(text + "[")]
    return found[element]


async def test_every_type_and_shape_arrives_bit_for_bit(tmp_path: Path) -> None:
    s = settings(tmp_path)
    async with plant(s, instrument(EVERYTHING)) as (_, reading):
        out = await reading.online()
        await eventually(
            lambda: len(out.values("counter_c0000")) > 1500 and len(out.values("plant_kiln_batch")) > 1, 60
        )
    frames = sent(s)

    assert out.state == "online", out.reason
    assert len(frames) > 60
    assert compare(out, frames) > 300_000
    wide = [v for v in out.values("types_tulint") if isinstance(v, str)]
    assert wide
    assert {c.type for c in out.meta.channels.values()} == {"float", "int", "int64", "uint64"}
    assert max(out.blocks) <= 40


async def test_rates_of_all_kinds_in_one_instrument(tmp_path: Path) -> None:
    s = settings(tmp_path)
    table = instrument(
        'signals = ["/Counter/C0000"]\nblock_ms = 100\n'
        '[[instrument.set]]\nsignals = ["/Counter/C0002"]\nrate = { every = 10 }\n'
        '[[instrument.set]]\nsignals = ["/Counter/C0004"]\nrate = { per_second = 5 }\n'
        '[[instrument.set]]\nsignals = ["/Plant/Kiln/Batch", "/Special/Decimated"]\n'
    )
    async with plant(s, table) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("counter_c0004")) >= 8, 30)
    assert compare(out, sent(s)) > 1000

    def steps(channel: str) -> set[float]:
        values = [v for v in out.values(channel) if isinstance(v, float)]
        return {b - a for a, b in pairwise(values)}

    assert [steps(f"counter_c000{k}") for k in (0, 2, 4)] == [{1.0}, {10.0}, {200.0}]
    assert steps("special_decimated") == {10.0}  # its own rate: a tenth of its task's
    assert out.meta.channels["counter_c0004"].period_ms == pytest.approx(200)
    assert set(out.blocks) <= {100, 4}


async def test_on_change_begins_with_the_first_value_also_of_zero(tmp_path: Path) -> None:
    table = instrument(
        'signals = ["/Special/Zero", "/State/Toggle", "/Special/NonFinite", "/Plant/Kiln/Door"]\nrate = "on_change"\n'
        'stale_ms = 60000\n[instrument.channels."/Plant/Kiln/Door"]\ntype = "bool"\n'
    )
    async with plant(settings(tmp_path), table) as (server, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("state_toggle")) >= 4, 30)
        server.tell("door open")
        await eventually(lambda: True in out.values("plant_kiln_door"), 30)

        assert out.values("special_zero") == [0.0]
        assert out.values("plant_kiln_door") == [False, True]
        toggles = out.values("state_toggle")
        assert all(a != b for a, b in pairwise(toggles))


async def test_what_does_not_change_is_confirmed_before_it_is_stale(tmp_path: Path) -> None:
    table = instrument(
        'signals = ["/Special/Zero", "/Plant/Germination/Humidity"]\nrate = "on_change"\nstale_ms = 200\n'
        'parameters = ["/Test/Param/Gain"]'
    )
    async with plant(settings(tmp_path), table) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("special_zero")) > 4 and len(out.values("test_param_gain")) > 4, 30)

        assert set(out.values("special_zero")) == {0.0}
        assert all(isinstance(v, float) for v in out.values("plant_germination_humidity"))


async def test_what_a_slow_task_has_not_sampled_again_is_not_published_again(tmp_path: Path) -> None:
    table = instrument('signals = ["/Plant/Kiln/Batch", "/Special/Zero"]\nrate = "on_change"\nstale_ms = 100')
    async with plant(settings(tmp_path), table) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("special_zero")) > 20, 30)

    stamps = [row.t_us for row in out.rows["plant_kiln_batch"]]  # of a task at 1 Hz, asked for 16 times a second
    assert stamps == sorted(set(stamps))
    assert len(stamps) < len(out.values("special_zero")) / 2


async def test_a_restart_with_other_indices_is_found_again_by_name(tmp_path: Path) -> None:
    s = settings(tmp_path)
    async with plant(s, instrument('signals = ["/Counter/*", "/Plant/Kiln/Door"]')) as (server, reading):
        out = await reading.online()
        before = await eventually(lambda: out.values("counter_c0006"), 30)
        server.tell("hide /Plant/Kiln/Door")
        server.tell("restart")
        await eventually(lambda: out.state == "offline", 30)
        count = len(before)
        await eventually(lambda: len(out.values("counter_c0006")) > count + 200, 30)

        assert [state for state, _ in out.states][-2:] == ["offline", "degraded"]
        assert out.reason == "no signal on the server for /Plant/Kiln/Door"
        assert "plant_kiln_door" not in out.meta.channels
        assert out.texts("link")[0][1] == "raised"
        assert out.texts("link")[1] == ("the server answers", "cleared")
        offset = 6 << 40  # each counter has a range of its own: an exchanged one would show
        assert all(isinstance(v, float) and offset <= v < offset + 10**6 for v in out.values("counter_c0006"))


async def test_a_stalled_server_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.adapter.SILENCE_S", 1.0)
    monkeypatch.setattr("msr_adapter.adapter.PING_S", 0.2)
    async with plant(settings(tmp_path), instrument('signals = ["/Counter/*"]')) as (server, reading):
        out = await reading.online()
        server.tell("stall 3")
        await eventually(lambda: out.state == "offline", 30)
        assert "has been silent for 1 s: the connection is dead" in out.reason
        await eventually(lambda: out.state == "online", 30)


async def test_a_quiet_line_is_kept_alive_by_pings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.adapter.SILENCE_S", 1.0)
    monkeypatch.setattr("msr_adapter.adapter.PING_S", 0.2)
    table = instrument('signals = ["/Special/Zero"]\nrate = "on_change"\nstale_ms = 600000')
    async with plant(settings(tmp_path), table) as (_, reading):
        out = await reading.online()
        await asyncio.sleep(2.5)
        assert [state for state, _ in out.states] == ["online"]


async def test_gaps_and_jumps_of_the_clock_pass_through(tmp_path: Path) -> None:
    s = settings(tmp_path)
    async with plant(s, instrument('signals = ["/Counter/C0000"]')) as (server, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("counter_c0000")) > 200, 30)
        server.tell("stall 1")
        await eventually(lambda: out.texts("gap"), 30)
        server.tell("jump -5")
        count = len(out.values("counter_c0000"))
        await eventually(lambda: len(out.values("counter_c0000")) > count + 300, 30)
    assert compare(out, sent(s)) > 500

    ((text, _),) = out.texts("gap")
    assert "of counter_c0000 and 0 other signals" in text
    stamps = [row.t_us for row in out.rows["counter_c0000"]]
    assert stamps != sorted(stamps)


async def test_a_clock_that_is_far_off_is_said_and_stays_as_it_is(tmp_path: Path) -> None:
    s = settings(tmp_path)
    async with plant(s, instrument('signals = ["/Counter/C0000"]')) as (server, reading):
        out = await reading.online()
        server.tell("jump -7300")
        await eventually(lambda: out.state == "degraded", 30)
        assert "its clock is about 2 hours behind this computer's" in out.reason
        count = len(out.values("counter_c0000"))
        await eventually(lambda: len(out.values("counter_c0000")) > count + 100, 30)
        server.tell("jump 7300")
        await eventually(lambda: out.state == "online", 30)
    assert compare(out, sent(s)) > 100


async def test_segments_of_one_byte(tmp_path: Path) -> None:
    s = settings(tmp_path, "fragments 1")
    async with plant(s, instrument('signals = ["/Counter/C0000", "/Types/TULINTMatrix"]')) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("counter_c0000")) > 300, 30)
    assert compare(out, sent(s)) > 2000


async def test_latin1_and_unescaped_texts(tmp_path: Path) -> None:
    s = settings(tmp_path, "latin1", "unescaped")
    async with plant(s, instrument('signals = ["/Special/*", "/Counter/C0000"]')) as (_, reading):
        out = await reading.online()
        await eventually(lambda: len(out.values("special_temp_deg_c")) > 100, 30)

        assert out.state == "online"
        assert out.meta.channels["special_temp_deg_c"].source == "/Special/Temp°C"
        assert out.values("counter_c0000")


async def test_one_instrument_may_want_what_another_wants_at_another_rate(tmp_path: Path) -> None:
    fast = instrument('signals = ["/Counter/C0000"]')
    slow = parsed_second('signals = ["/Counter/C0000"]\nrate = { per_second = 10 }')
    async with plant(settings(tmp_path), fast, slow) as (_, reading):
        other = reading.outlets["second"]
        await eventually(lambda: len(other.values("counter_c0000")) > 5, 30)

        assert len(reading.plant.values("counter_c0000")) > 400
        assert other.samples == len(other.values("counter_c0000"))


def parsed_second(text: str) -> InstrumentTable:
    return parsed(f'[[instrument]]\nname = "second"\n{text}').instrument[0]


# --- the connection ---------------------------------------------------------------------------------------------------


async def test_a_login_we_cannot_do_is_one_sentence(tmp_path: Path) -> None:
    async with plant(settings(tmp_path, "login"), instrument(EVERYTHING)) as (_, reading):
        await eventually(lambda: "demands a login, which labwire cannot do" in reading.plant.reason, 30)
        assert reading.plant.state == "offline"


async def test_a_late_greeting_is_waited_for(tmp_path: Path) -> None:
    async with plant(settings(tmp_path, "late 2"), instrument(EVERYTHING)) as (server, reading):
        await eventually(lambda: reading.plant.state == "online", 30)
        assert server._count == 1  # no second connection meanwhile


async def test_a_wedged_server_is_waited_for_with_one_connection(tmp_path: Path) -> None:
    """After a quick reconnect the real server greets nobody for half a minute: one more makes it worse."""
    async with simulating(settings(tmp_path)) as server:
        server.tell("wedge 3")
        async with adapting(server.port, instrument('signals = ["/Counter/*"]')) as reading:
            await asyncio.sleep(2)
            assert server._count == 1
            assert reading.plant.states == []  # neither here nor away: it has not answered yet
            out = await reading.online()
            await eventually(lambda: len(out.values("counter_c0000")) > 200, 30)

    assert server._count == 1
    assert [state for state, _ in out.states] == ["online"]


async def test_a_write_that_a_wedge_holds_is_done_when_it_is_over(tmp_path: Path) -> None:
    async with knobs(tmp_path) as (server, reading):
        server.tell("wedge 60")
        writing = asyncio.create_task(reading.command("set_plant_kiln_heater_setpoint", value=70))
        await asyncio.sleep(1.5)
        assert not writing.done()
        assert reading.plant.state == "online"
        server.tell("normal")

        assert await writing == {"value": 70.0}
        assert reading.plant.values("plant_kiln_heater_setpoint")[-1] == 70.0
        assert reading.plant.texts("parameter") == []


async def test_a_write_given_up_in_a_wedge_and_done_after_it_is_told(tmp_path: Path) -> None:
    """Whoever asked has got "timeout" by then; what the plant did all the same is published."""
    async with knobs(tmp_path) as (server, reading):
        server.tell("wedge 60")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await reading.command("set_plant_kiln_heater_setpoint", value=70)
        server.tell("normal")

        await eventually(lambda: reading.plant.values("plant_kiln_heater_setpoint")[-1] == 70.0, 30)


async def test_a_server_with_too_many_clients_closes_without_a_word(tmp_path: Path) -> None:
    async with plant(settings(tmp_path, "limit 0"), instrument(EVERYTHING)) as (_, reading):
        await eventually(lambda: "it may have too many clients" in reading.plant.reason, 30)


async def test_something_else_on_that_port_is_said() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, adapting(server.sockets[0].getsockname()[1], instrument(EVERYTHING)) as reading:
        await eventually(lambda: "is no MSR server, it says b'220 mail.example.org" in reading.plant.reason, 30)
    await asyncio.sleep(0)


async def test_a_session_that_was_steady_begins_the_waits_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what it lived counts: not how long the next connection was waited for."""
    monkeypatch.setattr("msr_adapter.adapter.STEADY_S", 0.5)
    waits: list[float] = []

    async def record(seconds: float) -> None:
        if seconds > 1.0:  # not the ping's
            waits.append(seconds)
            await asyncio.sleep(0.6 if server.faults.limit == 0 else 0.05)
        else:
            await asyncio.sleep(0.05)

    out = Recorder()
    async with simulating(settings(tmp_path)) as server:
        adapter = Adapter(Address("127.0.0.1", server.port), "pi", sleep=record, rng=lambda: 0.0)
        adapter.add(Member(instrument('signals = ["/Counter/*"]'), out))
        task = asyncio.create_task(adapter.run())
        await eventually(lambda: len(out.values("counter_c0000")) > 800, 30)
        server.tell("limit 0")
        server.tell("restart")
        await eventually(lambda: len(waits) == 3, 30)
        server.tell("normal")
        task.cancel()
        await asyncio.wait([task])

    assert waits == [2.0, 4.0, 8.0]


async def test_waits_between_connections_grow_from_one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def record(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            raise ConnectionAbortedError("enough")

    adapter = Adapter(Address("127.0.0.1", free_port()), "pi", sleep=record, rng=lambda: 0.5)
    adapter.add(Member(instrument(EVERYTHING), Recorder()))
    with pytest.raises(ConnectionAbortedError):
        await adapter.run()

    assert waits == [1.5, 3.0, 6.0, 12.0, 24.0, 45.0, 45.0, 45.0]


async def test_a_task_of_an_hour_does_not_keep_the_adapter_away_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def record(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise ConnectionAbortedError("enough")
        adapter._slowest_s = 3600.0

    adapter = Adapter(Address("127.0.0.1", free_port()), "pi", sleep=record, rng=lambda: 0.0)
    adapter.add(Member(instrument(EVERYTHING), Recorder()))
    adapter._slowest_s = 10.0
    with pytest.raises(ConnectionAbortedError):
        await adapter.run()

    assert waits == [10.0, 60.0]


# --- parameters -------------------------------------------------------------------------------------------------------

KNOBS = """
parameters = ["/Plant/**"]
[[instrument.parameter]]
path = "/Plant/Kiln/HeaterSetpoint"
min = 20
max = 110
max_step = 30
unit = "°C"
[[instrument.parameter]]
path = "/Test/Param/Limited"
min = -100
max = 100
[[instrument.parameter]]
path = "/Test/Param/Vec5"
min = 0
max = 50
[[instrument.parameter]]
path = "/Test/Param/TULINT"
min = 0
max = 18446744073709551615
[[instrument.parameter]]
path = "/Test/Param/Bool"
type = "bool"
[[instrument.parameter]]
path = "/Test/Param/Gain"
min = 0
max = 10
non_finite = true
"""


@asynccontextmanager
async def knobs(tmp_path: Path) -> AsyncIterator[tuple[Server, Reading]]:
    async with plant(settings(tmp_path), instrument(KNOBS)) as (server, reading):
        await reading.online()
        await eventually(lambda: reading.plant.values("test_param_gain"), 30)
        yield server, reading


async def test_parameters_are_set_and_read_back(tmp_path: Path) -> None:
    async with knobs(tmp_path) as (_, reading):
        out = reading.plant
        assert out.state == "online"
        assert out.meta.commands.keys() == {
            "set_plant_kiln_heater_setpoint", "set_test_param_limited", "set_test_param_vec5",
            "set_test_param_tulint", "set_test_param_bool", "set_test_param_gain",
        }  # fmt: skip
        spec = out.meta.commands["set_plant_kiln_heater_setpoint"]
        assert (spec.sets, spec.args["value"].min, spec.args["value"].unit) == ("plant_kiln_heater_setpoint", 20, "°C")

        assert await reading.command("set_plant_kiln_heater_setpoint", value=80) == {"value": 80.0}
        assert out.values("plant_kiln_heater_setpoint")[-1] == 80.0
        assert await reading.command("set_test_param_vec5", values="7, 8.5", start=1) == {
            "test_param_vec5_0": 1.0, "test_param_vec5_1": 7.0, "test_param_vec5_2": 8.5,
            "test_param_vec5_3": 4.0, "test_param_vec5_4": 5.0,
        }  # fmt: skip
        assert await reading.command("set_test_param_tulint", value="18446744073709551615") == {
            "value": "18446744073709551615"
        }
        assert await reading.command("set_test_param_bool", value=False) == {"value": False}
        (nan,) = (await reading.command("set_test_param_gain", value="nan")).values()
        assert isinstance(nan, float)
        assert math.isnan(nan)
        await asyncio.sleep(0.2)
        assert out.texts("parameter") == []  # all of it was ours


@pytest.mark.parametrize(
    ("name", "args", "code", "text"),
    [
        ("set_plant_kiln_heater_setpoint", {"value": 111}, "out_of_range", "111 is outside 20 to 110"),
        ("set_plant_kiln_heater_setpoint", {"value": 100}, "step", "from 65.0 to 100.0 is more than max_step 30"),
        ("set_test_param_limited", {"value": 50}, "refused", "the application refused it; the value is still 5"),
        ("set_test_param_vec5", {"values": "1,2", "start": 4}, "out_of_range", "2 values from element 4 do not fit"),
        ("set_test_param_vec5", {"values": "1,,2", "start": 0}, "wrong_type", "'' is not a number"),
        ("set_test_param_vec5", {"values": "nan", "start": 0}, "not_finite", "nan is not a finite number"),
        ("set_test_param_tulint", {"value": "1.5"}, "wrong_type", "'1.5' is not a whole number"),
        ("set_test_param_tulint", {"value": -1}, "out_of_range", "-1 is outside 0 to 18446744073709551615"),
        ("set_test_param_gain", {"value": "eleven"}, "wrong_type", "'eleven' is not a number"),
        ("set_everything", {"value": 1}, "unknown", "plant has no command 'set_everything'"),
    ],
)
async def test_what_is_not_written_says_why(
    tmp_path: Path, name: str, args: dict[str, Value], code: str, text: str
) -> None:
    async with knobs(tmp_path) as (_, reading):
        with pytest.raises(CommandFailed, match=re.escape(text)) as failed:
            await reading.command(name, **args)
        assert failed.value.code == code


async def test_texts_and_matrices_are_set_and_named(tmp_path: Path) -> None:
    table = instrument(
        'channels."/Test/Param/Mat2x3" = { name = "gain" }\n'
        '[[instrument.parameter]]\npath = "/Test/Param/Text16"\ntype = "str"\n'
        '[[instrument.parameter]]\npath = "/Test/Param/Mat2x3"\nmin = 0\nmax = 99\n'
        '[instrument.channels."/Test/Param/Guard8"]\ntype = "str"\nname = "guard"\n'
    )
    guarded = msgspec.structs.replace(table, parameters=["/Test/Param/Guard8"])
    async with plant(settings(tmp_path), guarded) as (_, reading):
        out = await reading.online()
        await eventually(lambda: out.values("test_param_text16"), 30)
        before = out.values("guard")[-1]

        assert out.values("test_param_text16")[-1] == "labwire"
        assert await reading.command("set_test_param_text16", value="Größe 13 byte") == {"value": "Größe 13 byte"}
        assert await reading.command("set_test_param_text16", value="") == {"value": ""}
        assert await reading.command("set_gain", values="1, 2.5", start=4) == {
            "gain_0_0": 11.0, "gain_0_1": 12.0, "gain_0_2": 13.0, "gain_1_0": 21.0, "gain_1_1": 1.0, "gain_1_2": 2.5,
        }  # fmt: skip
        assert out.meta.channels["gain_1_2"].source == "/Test/Param/Mat2x3[1,2]"
        for values, start in (("1,2,3", 4), ("100", 0)):
            with pytest.raises(CommandFailed) as failed:
                await reading.command("set_gain", values=values, start=start)
            assert failed.value.code == "out_of_range"
        with pytest.raises(CommandFailed, match="17 bytes do not fit into 16"):
            await reading.command("set_test_param_text16", value="12345678901234567")
        await asyncio.sleep(0.2)
        assert out.values("guard")[-1] == before  # laid out behind it
        assert out.texts("parameter") == []


async def test_without_access_the_server_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.adapter.writes", lambda tables: False)
    async with knobs(tmp_path) as (_, reading):
        with pytest.raises(CommandFailed, match=r"No write access.*the value is still 65 °C") as failed:
            await reading.command("set_plant_kiln_heater_setpoint", value=70)
        assert failed.value.code == "no_access"


async def test_a_change_made_elsewhere_is_an_event(tmp_path: Path) -> None:
    async with knobs(tmp_path) as (server, reading), adapting(server.port, instrument(KNOBS)) as other:
        await eventually(lambda: other.plant.values("test_param_gain"), 30)
        await other.command("set_plant_kiln_heater_setpoint", value=80)
        await other.command("set_test_param_vec5", values="9", start=2)
        out = reading.plant
        await eventually(lambda: len(out.texts("parameter")) == 2, 30)

        assert out.texts("parameter")[0][0] == "changed outside labwire: 65 °C → 80 °C"
        assert out.texts("parameter")[1][0] == "changed outside labwire: 3 → 9"
        assert [e["channel"] for e in out.events] == ["plant_kiln_heater_setpoint", "test_param_vec5_2"]
        assert out.values("plant_kiln_heater_setpoint")[-1] == 80.0
        assert other.plant.texts("parameter") == []


async def test_what_one_instrument_writes_is_no_change_from_outside_for_another(tmp_path: Path) -> None:
    heater = '[[instrument.parameter]]\npath = "/Plant/Kiln/HeaterSetpoint"\nmin = 20\nmax = 110\n'
    channel = "plant_kiln_heater_setpoint"
    tables = (instrument(heater), parsed_second('parameters = ["/Plant/Kiln/*"]'))
    async with plant(settings(tmp_path), *tables) as (server, reading), adapting(server.port, tables[0]) as outside:
        await reading.online()
        second = reading.outlets["second"]
        await eventually(lambda: second.values(channel) and outside.plant.values(channel), 30)
        await reading.command(f"set_{channel}", value=80)
        await eventually(lambda: second.values(channel)[-1] == 80.0, 30)
        assert second.texts("parameter") == []

        await outside.command(f"set_{channel}", value=90)
        await eventually(lambda: second.values(channel)[-1] == 90.0, 30)
        await outside.command(f"set_{channel}", value=80)  # what was ours once is not ours for ever
        await eventually(lambda: len(second.texts("parameter")) == len(reading.plant.texts("parameter")) == 2, 30)


async def test_offline_nothing_is_written(tmp_path: Path) -> None:
    async with adapting(free_port(), instrument(KNOBS)) as reading:
        await eventually(lambda: "refuse" in reading.plant.reason.lower(), 30)
        with pytest.raises(CommandFailed, match=r"plant is offline: .* refuses connections") as failed:
            await reading.command("set_test_param_gain", value="1")
        assert failed.value.code == "offline"


async def test_a_write_without_an_answer_is_of_unknown_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msr_adapter.adapter.SILENCE_S", 1.0)
    async with knobs(tmp_path) as (server, reading):
        server.tell("stall 4")
        with pytest.raises(CommandFailed, match=r"silent.*; whether it was written is unknown") as failed:
            await reading.command("set_plant_kiln_heater_setpoint", value=70)
        assert failed.value.code == "no_answer"


# --- messages ---------------------------------------------------------------------------------------------------------


async def test_messages_are_events_and_what_stands_is_recovered(tmp_path: Path) -> None:
    table = instrument(
        'messages = ["/Test/**"]\ntexts."/Test/Event/Crit" = "The plant has stopped"\n'
        '[[instrument.parameter]]\npath = "/Test/Param/EventSet"\nmin = 0\nmax = 1\n'
    )
    async with plant(settings(tmp_path), table) as (server, reading):
        out = await reading.online()
        await reading.command("set_test_param_event_set", values="0,1,0,0,1,1", start=0)
        await eventually(lambda: len(out.texts("message")) >= 3, 30)

        assert [(e["text"], e["severity"], e["state"]) for e in out.events if e["kind"] == "message"] == [
            ("/Test/Event/Warn", "warning", "raised"),
            ("/Test/Event/Limits [2]", "error", "raised"),
            ("The plant has stopped", "critical", "raised"),
        ]
        async with adapting(server.port, table) as later:
            await eventually(lambda: len(later.plant.texts("message")) == 3, 30)
            await reading.command("set_test_param_event_set", values="0", start=1)
            await eventually(lambda: ("/Test/Event/Warn", "cleared") in later.plant.texts("message"), 30)
        server.tell("restart")
        await eventually(lambda: out.texts("message").count(("The plant has stopped", "cleared")) == 1, 30)
        assert ("/Test/Event/Limits [2]", "cleared") in out.texts("message")
