"""A serial port through pyserial, in a thread of its own: the thread does every blocking call and stamps arrivals."""

import asyncio
import contextlib
import errno
import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import serial

from broker.runtime import Clock
from edge.links.address import SerialSettings
from edge.links.base import Link, LinkError

WRITE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class _Write:
    data: bytes
    done: asyncio.Future[None]


class SerialLink(Link):
    """A serial port, held exclusively: a second program cannot steal half of the answers."""

    def __init__(self, port: str, settings: SerialSettings, clock: Clock = time.time) -> None:
        super().__init__(port, clock)
        self._settings = settings
        self._jobs: SimpleQueue[_Write | None] = SimpleQueue()
        self._writing: _Write | None = None
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake_read, self._wake_write = os.pipe()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name=f"serial {self.address}", daemon=True)
        self._thread.start()
        await opened

    async def write(self, data: bytes) -> None:
        if self._gone is not None:
            raise self._gone
        done: asyncio.Future[None] = self._loop.create_future()
        self._give(_Write(data, done))
        await done

    async def close(self) -> None:
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        self._give(None)
        await self._ended
        thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)
        self._lost("closed")

    def _give(self, job: _Write | None) -> None:
        self._jobs.put(job)
        os.write(self._wake_write, b"!")

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            port = self._open_port()
        except (OSError, serial.SerialException, ValueError) as e:
            self._post(_finish, opened, LinkError(f"{self.address}: {_opening(e)}"))
        else:
            self._post(_finish, opened)
            self._serve_until_gone(port)
        self._post(self._fail_waiting)
        self._post(_finish, self._ended)

    def _serve_until_gone(self, port: serial.Serial) -> None:
        try:
            with port:
                self._serve(port)
        except serial.SerialTimeoutException:
            self._post(self._lost, f"takes no bytes for {WRITE_TIMEOUT_S:g} s (flow control?)")
        except (OSError, serial.SerialException):
            self._post(self._lost, "the port is gone (unplugged?)")

    def _open_port(self) -> serial.Serial:
        s = _possible(self.address, self._settings)
        return serial.Serial(
            self.address,
            baudrate=s.baud,
            bytesize=s.bytesize,
            parity=s.parity[0].upper(),
            stopbits=s.stopbits,
            xonxoff=s.flow == "xonxoff",
            rtscts=s.flow == "rtscts",
            timeout=0,
            write_timeout=WRITE_TIMEOUT_S,
            exclusive=True,
        )

    def _serve(self, port: serial.Serial) -> None:
        """Read and write until told to end. Raises SerialException or OSError when the port goes."""
        fd = port.fileno()
        while True:
            ready, _, _ = select.select([fd, self._wake_read], [], [])
            if fd in ready:
                data = port.read(65536)
                self._post(self._received, data, self._now_us())
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                self._writing = self._jobs.get()
                if self._writing is None:
                    return
                port.write(self._writing.data)
                self._post(_finish, self._writing.done)

    def _post(self, what: Callable[..., None], *args: object) -> None:
        self._loop.call_soon_threadsafe(what, *args)

    # --- back in the loop ---------------------------------------------------------------------------------------------

    def _fail_waiting(self) -> None:
        """Fail the write the thread died in and those it did not come to."""
        self._lost("closed")
        waiting = [self._writing]
        with contextlib.suppress(Empty):
            while True:
                waiting.append(self._jobs.get_nowait())
        for job in waiting:
            if job is not None:
                _finish(job.done, self._gone)


def _possible(path: str, settings: SerialSettings) -> SerialSettings:
    """A pseudo-terminal (a simulator) has neither parity nor 7 bits, and some systems refuse to pretend."""
    if os.path.realpath(path).startswith(("/dev/pts/", "/dev/ttys")):
        return replace(settings, bytesize=8, parity="none")
    return settings


def _finish(future: asyncio.Future[None], error: Exception | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _opening(error: Exception) -> str:
    """Why a port cannot be opened, with what to do about it."""
    match getattr(error, "errno", None):
        case errno.ENOENT:
            return "there is no such port; is the cable plugged in and the instrument switched on?"
        case errno.EACCES | errno.EPERM:
            return "not allowed to open the port; add this user to the group that owns it (usually dialout)"
        case errno.EAGAIN | errno.EBUSY:
            return "another program is using the port"
    return str(error)
