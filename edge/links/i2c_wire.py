"""What goes over the socket of a served I²C bus: transactions to it, the kernel's error numbers and bytes back.

``ServedBus`` in ``edge.links.i2c_bus`` is one end, the simulated bus the other.
"""

import asyncio
import struct
from dataclasses import dataclass

HEAD = struct.Struct(">B")
MESSAGE = struct.Struct(">HHH")
ANSWER = struct.Struct(">i")
READ_FLAG = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One step of a transaction: ``data`` to write, or ``read`` bytes to give."""

    device: int
    data: bytes = b""
    read: int = 0


async def read_request(reader: asyncio.StreamReader) -> list[Message]:
    """The next transaction. Raises IncompleteReadError at the end."""
    (count,) = HEAD.unpack(await reader.readexactly(HEAD.size))
    return [await _message(reader) for _ in range(count)]


async def _message(reader: asyncio.StreamReader) -> Message:
    device, flags, length = MESSAGE.unpack(await reader.readexactly(MESSAGE.size))
    if flags & READ_FLAG:
        return Message(device, read=length)
    return Message(device, await reader.readexactly(length))


def response(number: int, data: bytes) -> bytes:
    """The kernel's number, 0 when all went well, and what was read."""
    return ANSWER.pack(number) + data
