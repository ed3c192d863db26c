import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.links.i2c_bus import ServedBus, transfer
from edge.simulators.i2c_bus import simulating_buses
from edge.simulators.journal import read_journal
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulate, tell
from tests.support.waiting import eventually


async def outcome(path: Path, device: int, data: bytes, read: int) -> bytes | int | None:
    """What one transaction gives: the bytes read, or the kernel's number."""

    def work() -> bytes | int | None:
        bus = ServedBus(str(path))
        try:
            return transfer(bus, device, data, read)
        except OSError as e:
            return e.errno
        finally:
            bus.close()

    return await asyncio.to_thread(work)


@pytest.mark.parametrize("device", [0x44, 0x45, 0x48, 0x62, 0x76])
async def test_who_is_there(device: int, tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path):
        # 0x62: stop; 0x44 and 0x45: clear status; the others: a register
        data = {0x62: b"\x3f\x86", 0x44: b"\x30\x41", 0x45: b"\x30\x41"}.get(device, b"\x00")
        assert await outcome(tmp_path / "b", device, data, 0) == b""
        assert await outcome(tmp_path / "b", 0x50, data, 0) == errno.EREMOTEIO


@pytest.mark.parametrize(("words", "number"), [
    ("silent 0x76", errno.EREMOTEIO), ("silent", errno.EREMOTEIO), ("stuck 0x76", errno.ETIMEDOUT),
    ("taken", errno.EAGAIN), ("busy", errno.EAGAIN), ("flaky 0x76", errno.EREMOTEIO),
])  # fmt: skip
async def test_faults(words: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.simulators.i2c_bus.HANG_S", 0.01)
    async with simulating_buses(["b"], tmp_path) as buses:
        word, _, argument = words.partition(" ")
        buses["b"].tell(word, argument)
        assert await outcome(tmp_path / "b", 0x76, b"\xd0", 1) == number
        buses["b"].tell("normal")
        assert await outcome(tmp_path / "b", 0x76, b"\xd0", 1) == b"\x60"


async def test_garbage_has_as_many_bytes(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path, seed=1) as buses:
        buses["b"].tell("garbage", "0x76")
        found = await outcome(tmp_path / "b", 0x76, b"\x88", 26)

    assert isinstance(found, bytes)
    assert len(found) == 26
    assert found[:2] != b"\x6c\x6e"


async def test_drift_warms_the_room(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        buses["b"].tell("drift")
        await eventually(lambda: buses["b"].room.warmer > 0)


@pytest.mark.parametrize(("word", "argument"), [
    ("explode", ""), ("silent", "x"), ("0x50", "serial 1"), ("0x44", "colour red"), ("0x44", "serial zzzzzzzz"),
    ("0x48", "a0 much"), ("0xzz", "a0 1"), ("silent", "0x50"),
])  # fmt: skip
async def test_words_nobody_knows_change_nothing(
    word: str, argument: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        buses["b"].tell(word, argument)
        assert await outcome(tmp_path / "b", 0x76, b"\xd0", 1) == b"\x60"

    assert "is none of normal, silent" in caplog.text


async def test_as_the_command_line_runs_it(tmp_path: Path) -> None:
    """``labwire edge simulate i2c counter --dir … --journal …``, told through the pipe."""
    stop = asyncio.Event()
    journal = tmp_path / "journal"
    task = asyncio.create_task(simulate([parse_word("i2c"), parse_word("counter")], tmp_path, journal, stop))
    there: Callable[[], bool] = lambda: (tmp_path / "i2c1").exists() and (tmp_path / "counter1").exists()  # noqa: E731
    await eventually(there)
    assert await outcome(tmp_path / "i2c1", 0x76, b"\xd0", 1) == b"\x60"
    tell(tmp_path, "i2c1", "unplug")
    await eventually(lambda: not (tmp_path / "i2c1").exists())
    tell(tmp_path, "i2c1", "plug")
    await eventually(lambda: (tmp_path / "i2c1").exists())
    stop.set()
    await task

    entries = [(e.name, e.direction, e.data) for e in read_journal(journal) if e.name.startswith("i2c1")]
    assert entries == [
        ("i2c1@0x76", "<", b"\xd0"),
        ("i2c1@0x76", ">", b"\x60"),
        ("i2c1", "!", b"unplug"),
        ("i2c1", "!", b"plug"),
    ]
    assert not (tmp_path / "i2c1").exists()
    assert not (tmp_path / "i2c1.control").exists()
