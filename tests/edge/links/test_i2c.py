import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from edge.links import make_link
from edge.links.address import I2cAddress
from edge.links.base import BadAnswerError, LinkError, NoAnswerError
from edge.links.i2c import I2cLink
from edge.simulators.i2c_bus import simulating_buses
from tests.edge.support import i2c_link
from tests.support.waiting import eventually

CHIP_ID = b"\xd0"


class Wires:
    """A bus whose transactions fail with the given numbers, one after the other; 0 is success. Only the wires."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)
        self.tries = 0

    def i2c_rdwr(self, *i2c_msgs: object) -> None:
        self.tries += 1
        number = self.numbers.pop(0) if self.numbers else 0
        if number:
            raise OSError(number, os.strerror(number))

    def close(self) -> None:
        """Nothing to close."""


def on(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> I2cLink:
    monkeypatch.setattr("edge.links.i2c_bus.open_bus", lambda path: wires)
    return I2cLink(I2cAddress("1", 0x44), clock=lambda: 5.0)


async def test_a_transaction_is_stamped(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path):
        link = make_link(I2cAddress(str(tmp_path / "b"), 0x76), clock=lambda: 7.5)
        assert isinstance(link, I2cLink)
        await link.open()
        answer = await link.transfer(CHIP_ID, 1)
        await link.close()

    assert (answer.data, answer.t_us) == (b"\x60", 7_500_000)


@pytest.mark.parametrize("number", [errno.EREMOTEIO, errno.ENXIO, errno.EAGAIN, errno.EBUSY, errno.EIO])
async def test_what_passes_is_tried_again(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wires = Wires(number, number)
    link = on(wires, monkeypatch)
    await link.open()
    await link.transfer(b"\x24\x00")
    await link.close()

    assert wires.tries == 3


@pytest.mark.parametrize(("number", "kind", "said", "tries"), [
    (errno.EREMOTEIO, NoAnswerError, "nothing answers at 0x44; is it wired and powered; i2cdetect -y 1 lists", 3),
    (errno.EAGAIN, NoAnswerError, "another master kept the bus, three times in a row", 3),
    (errno.EIO, BadAnswerError, "the transfer broke off", 3),
    (errno.ETIMEDOUT, NoAnswerError, "the bus hangs: some device on it holds the clock line", 1),
    (errno.ENODEV, LinkError, "the bus /dev/i2c-1 is gone", 1),
    (errno.EINVAL, NoAnswerError, "Invalid argument", 1),
])  # fmt: skip
async def test_what_does_not_is_said(number: int, kind: type[LinkError], said: str, tries: int,
                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    wires = Wires(number, number, number)
    link = on(wires, monkeypatch)
    await link.open()
    with pytest.raises(LinkError) as failed:
        await link.transfer(b"\x24\x00")
    await link.close()

    assert type(failed.value) is kind
    assert said in str(failed.value)
    assert wires.tries == tries


async def test_a_question_that_may_be_refused_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wires = Wires(errno.EREMOTEIO)
    link = on(wires, monkeypatch)
    await link.open()
    with pytest.raises(NoAnswerError):
        await link.transfer(b"\x20\x2f", retry=False)
    await link.close()

    assert wires.tries == 1


@pytest.mark.parametrize(("number", "said"), [
    (errno.ENOENT, "there is no I²C bus /dev/i2c-1; enable I²C (on a Raspberry Pi: sudo raspi-config nonint do_i2c 0"),
    (errno.EACCES, "not allowed to open /dev/i2c-1; add this user to the group i2c"),
    (errno.EOPNOTSUPP, "is no I²C bus that takes plain transfers"),
    (errno.EMFILE, "/dev/i2c-1 cannot be opened: Too many open files"),
])  # fmt: skip
async def test_why_a_bus_does_not_open(number: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("edge.links.i2c_bus.open_bus", refuse)
    link = I2cLink(I2cAddress("1", 0x44))
    with pytest.raises(LinkError) as failed:
        await link.open()
    await link.close()

    assert said in str(failed.value)


async def test_a_closed_link_says_so_and_leaves_no_thread(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path):
        link = i2c_link(tmp_path, 0x76)()
        await link.close()  # never opened
        with pytest.raises(LinkError, match="closed"):
            await link.transfer(CHIP_ID, 1)
        link = i2c_link(tmp_path, 0x76)()
        with pytest.raises(LinkError, match="not open"):
            await link.write(CHIP_ID)
        await link.open()
        await link.transfer(CHIP_ID, 1)
        await link.close()
        await link.close()

    await eventually(lambda: not any("i2c" in thread.name for thread in threading.enumerate()))


async def read_often(link: I2cLink, register: bytes, count: int) -> set[bytes]:
    return {(await link.transfer(register, count)).data for _ in range(20)}


async def test_two_sensors_share_a_bus_with_another_master(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        buses["b"].tell("busy")
        links = [i2c_link(tmp_path, device)() for device in (0x76, 0x48)]
        for link in links:
            await link.open()
        ids, configs = await asyncio.gather(read_often(links[0], CHIP_ID, 1), read_often(links[1], b"\x01", 2))
        for link in links:
            await link.close()

    assert (ids, configs) == ({b"\x60"}, {b"\x85\x83"})


async def test_a_bus_that_was_unplugged(tmp_path: Path) -> None:
    async with simulating_buses(["b"], tmp_path) as buses:
        link = i2c_link(tmp_path, 0x76)()
        await link.open()
        buses["b"].tell("unplug")
        await eventually(lambda: not (tmp_path / "b").exists())
        with pytest.raises(LinkError, match=r"the bus .* is gone"):
            await link.transfer(CHIP_ID, 1)
        with pytest.raises(LinkError, match="the bus is gone"):
            await link.transfer(CHIP_ID, 1)
        await link.close()
