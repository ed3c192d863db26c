"""One device on an I²C bus: transactions in a thread of the link's own, tried again where that is worth it.

Several instruments share a bus: each has its own link, and the kernel lets one transaction after the other onto the
wires. Nothing here is held between two transactions, so a device that measures, or is not there, keeps nobody waiting.
"""

import asyncio
import errno
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from broker.runtime import Clock, Sleep
from edge.links.address import I2cAddress
from edge.links.base import BadAnswerError, Link, LinkError, NoAnswerError
from edge.links.inbox import Stamped

if TYPE_CHECKING:
    from edge.links.i2c_bus import Transfers

T = TypeVar("T")

PAUSES_S = (0.002, 0.01)
"""Before the second and the third try: longer than another master's transaction takes at 100 kHz."""

NOT_ACKNOWLEDGED = frozenset({errno.ENXIO, getattr(errno, "EREMOTEIO", 121)})
AGAIN = NOT_ACKNOWLEDGED | {errno.EAGAIN, errno.EBUSY, errno.EIO}
GONE = frozenset({errno.ENODEV, errno.ENOENT, errno.EBADF, errno.ESHUTDOWN})


class I2cLink(Link):
    """A device on a bus. ``transfer`` is how it is talked to; there is no stream of bytes to read."""

    def __init__(self, address: I2cAddress, clock: Clock = time.time, sleep: Sleep = asyncio.sleep) -> None:
        super().__init__(str(address), clock)
        self._where = address
        self._sleep = sleep
        self._thread: ThreadPoolExecutor | None = None
        self._bus: Transfers | None = None

    async def open(self) -> None:
        """Open the bus; whether the device is there shows with the first transfer. Raises LinkError."""
        from edge.links.i2c_bus import open_bus  # smbus2 only where there is a bus

        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"i2c {self.address}")
        try:
            self._bus = await self._in_thread(lambda: open_bus(self._where.path))
        except OSError as e:
            raise LinkError(f"{self.address}: {_opening(e, self._where)}") from e

    async def transfer(self, data: bytes = b"", read: int = 0, *, retry: bool = True) -> Stamped:
        """Write ``data``, then read ``read`` bytes, in one transaction; the instant it ended.

        Not acknowledged, arbitration lost and bus errors are tried three times. Raises NoAnswerError, BadAnswerError
        for what a later try may mend, LinkError when the bus is gone.
        """
        for pause in PAUSES_S if retry else ():
            try:
                return await self._once(data, read)
            except OSError as e:
                if e.errno not in AGAIN:
                    raise self._problem(e) from e
            await self._sleep(pause)
        try:
            return await self._once(data, read)
        except OSError as e:
            raise self._problem(e) from e

    async def write(self, data: bytes) -> None:
        await self.transfer(data)

    async def close(self) -> None:
        self._lost("closed")
        thread, self._thread = self._thread, None
        bus, self._bus = self._bus, None
        if thread is None:
            return
        if bus is not None:
            await asyncio.wrap_future(thread.submit(bus.close))
        thread.shutdown(wait=False)

    async def _once(self, data: bytes, read: int) -> Stamped:
        """Raises OSError with the kernel's number, LinkError when the link is not open."""
        from edge.links.i2c_bus import transfer

        if self._gone is not None:
            raise self._gone
        bus = self._bus
        if bus is None:
            raise LinkError(f"{self.address}: not open")

        def work() -> Stamped:
            return Stamped(transfer(bus, self._where.device, data, read), self._now_us())

        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _problem(self, error: OSError) -> LinkError:
        text = f"{self.address}: {_transferring(error, self._where)}"
        if error.errno in GONE:
            self._lost("the bus is gone")
            return LinkError(text)
        return (BadAnswerError if error.errno == errno.EIO else NoAnswerError)(text)


def _opening(error: OSError, where: I2cAddress) -> str:
    """Why a bus cannot be opened, with what to do about it."""
    match error.errno:
        case errno.ENOENT:
            return (
                f"there is no I²C bus {where.path}; enable I²C (on a Raspberry Pi: sudo raspi-config nonint do_i2c 0, "
                "then restart) or plug in the adapter"
            )
        case errno.EACCES | errno.EPERM:
            return f"not allowed to open {where.path}; add this user to the group i2c (sudo usermod -aG i2c USER)"
        case errno.EOPNOTSUPP | errno.ENOTTY:
            return f"{where.path} is no I²C bus that takes plain transfers (an SMBus of a mainboard?)"
    return f"{where.path} cannot be opened: {error.strerror or error}"


def _transferring(error: OSError, where: I2cAddress) -> str:
    """Why a transfer failed, with what to look at."""
    number = error.errno
    if number in NOT_ACKNOWLEDGED:
        look = f"; i2cdetect -y {where.bus} lists who is" if where.bus.isdigit() else ""
        return f"nothing answers at 0x{where.device:02x}; is it wired and powered{look}"
    if number in GONE:
        return f"the bus {where.path} is gone (adapter unplugged?)"
    match number:
        case errno.EAGAIN | errno.EBUSY:
            return "another master kept the bus, three times in a row"
        case errno.ETIMEDOUT:
            return "the bus hangs: some device on it holds the clock line"
        case errno.EIO:
            return "the transfer broke off (long wires, weak pull-ups?)"
    return error.strerror or str(error)
