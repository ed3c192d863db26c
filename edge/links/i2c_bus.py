"""The bus below an I²C link. Blocking: used in a thread of the link's own.

``open_bus`` gives the kernel's bus (smbus2) or one that another process serves at a socket, as
``labwire edge simulate i2c`` does. Both take smbus2's own messages: everything above them is the same.
"""

import ctypes
import errno
import os
import socket
import stat
from collections.abc import Sequence
from typing import Protocol

from smbus2 import I2cFunc, SMBus, i2c_msg

from edge.links.i2c_wire import ANSWER, HEAD, MESSAGE, READ_FLAG

SERVED_TIMEOUT_S = 5.0


class Transfers(Protocol):
    """What is used of ``smbus2.SMBus``."""

    def i2c_rdwr(self, *i2c_msgs: i2c_msg) -> None:
        """Carry out the messages as one transaction. Raises OSError with the kernel's number."""

    def close(self) -> None:
        """Let the bus go."""


def open_bus(path: str) -> Transfers:
    """The bus at ``path``, a device file or a socket. Raises OSError."""
    if stat.S_ISSOCK(os.stat(path).st_mode):
        return ServedBus(path)
    bus = SMBus(path)
    if not bus.funcs & I2cFunc.I2C:
        bus.close()
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    return bus


def transfer(bus: Transfers, device: int, data: bytes, read: int) -> bytes:
    """Write ``data`` and read ``read`` bytes in one transaction, with a repeated start between. Raises OSError."""
    messages = [i2c_msg.write(device, list(data))] if data else []
    answer = i2c_msg.read(device, read) if read else None
    bus.i2c_rdwr(*messages, *([answer] if answer is not None else []))
    return bytes(answer) if answer is not None else b""


class ServedBus:
    """A bus behind a Unix socket; errors arrive as the numbers the kernel would have given."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(SERVED_TIMEOUT_S)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def i2c_rdwr(self, *i2c_msgs: i2c_msg) -> None:
        """Send the messages, take the answer, fill those that read."""
        try:
            number = self._exchange(i2c_msgs)
        except (TimeoutError, ConnectionError) as e:
            raise OSError(errno.ENODEV, str(e)) from e
        if number:
            raise OSError(number, os.strerror(number))

    def close(self) -> None:
        self._socket.close()

    def _exchange(self, messages: Sequence[i2c_msg]) -> int:
        """The error's number, 0 when all went well. Raises TimeoutError, ConnectionError: the bus itself is gone."""
        self._socket.sendall(b"".join([HEAD.pack(len(messages)), *(_packed(m) for m in messages)]))
        number = int(ANSWER.unpack(self._exactly(ANSWER.size))[0])
        for message in messages if number == 0 else ():
            if message.flags & READ_FLAG:
                ctypes.memmove(message.buf, self._exactly(message.len), message.len)
        return number

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self._socket.recv(length - len(data))
            if not piece:
                raise ConnectionResetError("the bus was closed")
            data += piece
        return data


def _packed(message: i2c_msg) -> bytes:
    head = MESSAGE.pack(message.addr, message.flags, message.len)
    return head if message.flags & READ_FLAG else head + bytes(message)
