import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest
from smbus2 import i2c_msg

from edge.links.i2c_bus import ServedBus, open_bus, transfer
from edge.links.i2c_wire import response
from edge.simulators.i2c_bus import simulating_buses


def test_a_bus_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_bus(str(tmp_path / "i2c-1"))


def test_a_file_that_is_no_bus() -> None:
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        open_bus("/dev/null")


def test_a_socket_nobody_serves(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unserved:
        unserved.bind(str(tmp_path / "b"))
    with pytest.raises(ConnectionRefusedError):
        open_bus(str(tmp_path / "b"))


async def test_smbus2s_messages_reach_the_chip_and_come_back_filled(tmp_path: Path) -> None:
    def work() -> tuple[bytes, bytes]:
        bus = open_bus(str(tmp_path / "b"))
        pointed = transfer(bus, 0x76, b"\xd0", 1)
        register, answer = i2c_msg.write(0x76, [0x88]), i2c_msg.read(0x76, 3)
        bus.i2c_rdwr(register, answer)
        bus.close()
        return pointed, bytes(answer)

    async with simulating_buses(["b"], tmp_path):
        assert await asyncio.to_thread(work) == (b"\x60", b"\x6c\x6e\x77")


async def test_errors_have_the_kernels_numbers(tmp_path: Path) -> None:
    def work() -> int | None:
        bus = open_bus(str(tmp_path / "b"))
        try:
            transfer(bus, 0x50, b"\0", 0)
        except OSError as e:
            return e.errno
        finally:
            bus.close()
        return None

    async with simulating_buses(["b"], tmp_path):
        assert await asyncio.to_thread(work) == 121
    assert os.strerror(121) == "Remote I/O error"


async def test_a_bus_that_goes_away_within_an_answer(tmp_path: Path) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1 + 6)
        writer.write(response(0, b"\x01"))
        writer.close()
        await writer.wait_closed()

    def work() -> int | None:
        bus = ServedBus(str(tmp_path / "b"))
        try:
            transfer(bus, 0x44, b"", 6)
        except OSError as e:
            return e.errno
        finally:
            bus.close()
        return None

    server = await asyncio.start_unix_server(half, tmp_path / "b")
    try:
        assert await asyncio.to_thread(work) == errno.ENODEV
    finally:
        server.close()
        await server.wait_closed()
