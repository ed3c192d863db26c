import asyncio
import os
from pathlib import Path

import pytest

from edge.links.base import LinkError, NoAnswerError
from edge.simulators.journal import read_journal
from edge.simulators.kinds import parse_word
from edge.simulators.run import simulate, simulating, tell
from tests.edge.support import serial_link
from tests.support.waiting import eventually


async def test_a_line_to_each_and_nothing_left_behind(tmp_path: Path) -> None:
    async with simulating([parse_word("mt-sics"), parse_word("counter")], tmp_path / "lines", tmp_path / "journal"):
        for name, question, answer in [
            ("balance1", b"I4\r\n", b'I4 A "B021002593"\r\n'),
            ("counter1", b"COUNT?\n", b"0\r\n"),
        ]:
            link = serial_link(tmp_path / "lines", name)()
            await link.open()
            assert (await link.ask(question, b"\n", 5)).data == answer
            await link.close()

    assert list((tmp_path / "lines").iterdir()) == []
    assert [(e.name, e.direction, e.data) for e in read_journal(tmp_path / "journal")] == [
        ("balance1", "<", b"I4\r\n"), ("balance1", ">", b'I4 A "B021002593"\r\n'),
        ("counter1", "<", b"COUNT?\n"), ("counter1", ">", b"0\r\n"),
    ]  # fmt: skip


async def test_half_a_line_is_in_the_journal_too(tmp_path: Path) -> None:
    async with simulating([parse_word("counter")], tmp_path, tmp_path / "journal"):
        link = serial_link(tmp_path, "counter1")()
        await link.open()
        await link.write(b"SET ha")
        await asyncio.sleep(0.05)
        await link.close()

    assert [e.data for e in read_journal(tmp_path / "journal")] == [b"SET ha"]


async def test_faults_by_the_control_pipe(tmp_path: Path) -> None:
    async with simulating([parse_word("counter")], tmp_path, tmp_path / "journal", seed=5) as sims:
        first = os.readlink(tmp_path / "counter1")
        tell(tmp_path, "counter1", "unplug")
        await eventually(lambda: not (tmp_path / "counter1").is_symlink())
        with pytest.raises(LinkError, match="no such port"):
            await serial_link(tmp_path, "counter1")().open()
        keep = os.open("/dev/ptmx", os.O_RDWR)  # so that the next pseudo-terminal is another one
        tell(tmp_path, "counter1", "plug")
        await eventually(lambda: (tmp_path / "counter1").is_symlink())
        os.close(keep)
        assert os.readlink(tmp_path / "counter1") != first

        link = serial_link(tmp_path, "counter1")()
        await link.open()
        tell(tmp_path, "counter1", "silent")
        await eventually(lambda: sims["counter1"]._silent)
        with pytest.raises(LinkError):
            await link.ask(b"COUNT?\n", b"\r\n", 0.1)
        tell(tmp_path, "counter1", "garbage")
        await eventually(lambda: sims["counter1"]._garbage)
        await link.write(b"COUNT?\n" * 10)
        heard = b"".join(p.data for p in await link.read_pieces(5))
        assert not heard.startswith(b"0\r\n")
        await asyncio.sleep(0.05)
        tell(tmp_path, "counter1", "normal\nnonsense\n")
        await eventually(lambda: not sims["counter1"]._garbage)
        answer = await link.ask(b"COUNT?\n", b"\r\n", 5)
        await link.close()

    assert int(answer.data) == 10, "while silent it did not count, while talking garbage it did"
    said = [e.data for e in read_journal(tmp_path / "journal") if e.direction == "!"]
    assert said == [b"unplug", b"plug", b"silent", b"garbage", b"normal", b"nonsense"]


async def test_nobody_reads_is_written_down_as_not_sent(tmp_path: Path) -> None:
    async with simulating([parse_word("counter@5000")], tmp_path, tmp_path / "journal"):
        await eventually(lambda: any(e.direction == "x" for e in read_journal(tmp_path / "journal")))


async def test_a_silent_stream_sends_nothing_and_counts_nothing(tmp_path: Path) -> None:
    async with simulating([parse_word("counter@200")], tmp_path, tmp_path / "journal") as sims:
        link = serial_link(tmp_path, "counter1")()
        await link.open()
        await link.read_until(b"\r\n", 5)
        sims["counter1"].tell("silent")
        await link.settle()
        with pytest.raises(NoAnswerError):
            await link.read_pieces(0.2)
        sims["counter1"].tell("normal")
        await link.read_until(b"\r\n", 5)
        await link.close()

    sent = [int(e.data.split()[1]) for e in read_journal(tmp_path / "journal") if e.direction in "x>"]
    assert sent == list(range(len(sent)))


async def test_simulate_until_told_to_stop(tmp_path: Path) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(simulate([parse_word("dmm")], tmp_path, None, stop))
    await eventually(lambda: (tmp_path / "dmm1").is_symlink())
    stop.set()
    await task

    assert list(tmp_path.iterdir()) == []


def test_tell_when_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        tell(tmp_path, "counter1", "silent")
