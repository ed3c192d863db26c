import asyncio
import threading
import time
from pathlib import Path

import pytest

from edge.links.address import SerialSettings
from edge.links.base import LinkError, NoAnswerError
from edge.links.serial_port import SerialLink
from edge.simulators.pty_line import PtyLine
from tests.edge.support import plugged
from tests.support.waiting import eventually


async def echo(line: PtyLine, times: int = 1) -> None:
    for _ in range(times):
        line.write(await line.read())


async def test_question_and_answer_with_the_arrival_time(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        before = time.time()
        answer, _ = await asyncio.gather(link.ask(b"hello\r\n", b"\r\n", 5), echo(line))
        await link.close()

        assert answer.data == b"hello\r\n"
        assert before * 1e6 <= answer.t_us <= time.time() * 1e6


@pytest.mark.parametrize("settings", [
    SerialSettings(115200), SerialSettings(9600, 7, "even", 1), SerialSettings(4800, 8, "odd", 2, "xonxoff"),
])  # fmt: skip
async def test_every_setting_opens(tmp_path: Path, settings: SerialSettings) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), settings)
        await link.open()
        answer, _ = await asyncio.gather(link.ask(b"1\r", b"\r", 5), echo(line))
        await link.close()

        assert answer.data == b"1\r"


async def test_half_a_line_waits_for_the_other_half(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        line.write(b"S S   1")
        with pytest.raises(NoAnswerError, match=r"7 bytes without an end of line within 0\.1 s"):
            await link.read_until(b"\r\n", 0.1)
        line.write(b"S S  ")
        reading = asyncio.create_task(link.read_until(b"\r\n", 5))
        line.write(b" 2.0 g\r")
        line.write(b"\nrest")

        assert (await reading).data == b"S S   2.0 g\r\n"
        await eventually(lambda: link.stray() == b"rest")
        await link.close()


async def test_silence_is_no_answer(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p"):
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        with pytest.raises(NoAnswerError, match=r"p: no answer within 0\.05 s"):
            await link.ask(b"?\r\n", b"\r\n", 0.05)
        await link.close()


async def test_stray_bytes_are_not_taken_for_the_answer(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        line.write(b"late answer\r\n")
        await eventually(lambda: len(link._inbox) == 13)
        answer, _ = await asyncio.gather(link.ask(b"new\r\n", b"\r\n", 5), echo(line))
        await link.close()

        assert answer.data == b"new\r\n"


async def test_a_late_answer_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        with pytest.raises(NoAnswerError):
            await link.ask(b"one\n", b"\n", 0.05)
        assert await line.read() == b"one\n"

        async def instrument() -> None:
            line.write(b"answer one\n")
            line.write(b"answer to " + await line.read())

        answer, _ = await asyncio.gather(link.ask(b"two\n", b"\n", 5), instrument())
        await link.close()

        assert answer.data == b"answer to two\n"


async def test_settle_waits_until_the_line_is_quiet(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        line.write(b"one")
        settling = asyncio.create_task(link.settle(quiet=0.2))
        line.write(b"two\r\n")
        await settling

        assert link.stray() == b""
        await link.close()


async def test_unplugged_while_reading_and_plugged_again(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p") as line:
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        reading = asyncio.create_task(link.read_until(b"\n", 5))
        await asyncio.sleep(0)
        line.unplug()
        with pytest.raises(LinkError, match="the port is gone"):
            await reading
        with pytest.raises(LinkError, match="the port is gone"):
            await link.write(b"?")
        await link.close()
        line.plug()
        again = SerialLink(str(tmp_path / "p"), SerialSettings())
        await again.open()
        answer, _ = await asyncio.gather(again.ask(b"back\n", b"\n", 5), echo(line))
        await again.close()

        assert answer.data == b"back\n"


async def test_a_missing_port_says_so(tmp_path: Path) -> None:
    link = SerialLink(str(tmp_path / "none"), SerialSettings())
    with pytest.raises(LinkError, match="there is no such port"):
        await link.open()
    await link.close()


async def test_what_is_no_port_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    link = SerialLink(str(tmp_path / "file"), SerialSettings())
    with pytest.raises(LinkError, match="file"):
        await link.open()
    await link.close()


async def test_a_port_is_held_by_one_program(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p"):
        first = SerialLink(str(tmp_path / "p"), SerialSettings())
        second = SerialLink(str(tmp_path / "p"), SerialSettings())
        await first.open()
        with pytest.raises(LinkError, match="another program is using the port"):
            await second.open()
        await first.close()
        await second.close()


async def test_an_instrument_that_takes_no_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.links.serial_port.WRITE_TIMEOUT_S", 0.1)
    async with plugged(tmp_path / "p"):
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        with pytest.raises(LinkError, match="takes no bytes"):
            await link.write(b"x" * 100_000)
        await link.close()


async def test_its_thread_ends_with_it(tmp_path: Path) -> None:
    async with plugged(tmp_path / "p"):
        link = SerialLink(str(tmp_path / "p"), SerialSettings())
        await link.open()
        name = f"serial {tmp_path / 'p'}"
        assert any(t.name == name for t in threading.enumerate())

        await link.close()
        await link.close()

        assert not any(t.name == name for t in threading.enumerate())
        with pytest.raises(LinkError, match="closed"):
            await link.read_until(b"\n", 1)
