"""What the drivers of I²C sensors share: they are identified with every connection and then asked on time."""

from abc import abstractmethod
from typing import ClassVar, TypeVar

import msgspec

from broker.messages import Channel, Quality, Value
from edge.driver import Driver, Publish, Sample
from edge.links.address import Address, I2cAddress
from edge.links.base import BadAnswerError, Link, LinkError
from edge.links.i2c import I2cLink
from edge.polling import Poll, poll_forever

O = TypeVar("O", bound=msgspec.Struct)  # noqa: E741

Values = tuple[dict[str, Value], dict[str, Quality]]


class I2cDriver(Driver[O]):
    """A sensor at one of the addresses ``at``. ``begin`` identifies and prepares it, ``read`` is one sample set.

    A sensor that lost its power raises LinkError in ``read``: it is identified again before anything more is
    published, so that one put in its place while nobody looked is not taken for it.
    """

    at: ClassVar[tuple[int, ...]] = ()
    serial_number: str = ""

    @classmethod
    def check_address(cls, address: Address) -> None:
        places = " or ".join(f"0x{device:02x}" for device in cls.at)
        if not isinstance(address, I2cAddress):
            raise ValueError(f"port '{address}': this driver needs a device on a bus, e.g. i2c:1@0x{cls.at[0]:02x}")
        if address.device not in cls.at:
            raise ValueError(
                f"port '{address}': by its datasheet the chip is at {places}, not at 0x{address.device:02x}"
            )

    @property
    @abstractmethod
    def every_s(self) -> float:
        """How often it is read."""

    @abstractmethod
    async def begin(self, bus: I2cLink) -> None:
        """Identify and prepare. Raises LinkError."""

    @abstractmethod
    async def read(self, bus: I2cLink) -> Sample:
        """One sample set. Raises NoAnswerError, BadAnswerError; LinkError when it must be identified again."""

    async def start(self, link: Link) -> None:
        async with link.turn:
            await self.begin(on_i2c(link))

    async def run(self, link: Link, publish: Publish) -> None:
        bus = on_i2c(link)

        async def ask() -> Sample:
            async with link.turn:
                return await self.read(bus)

        await poll_forever(
            [Poll(self.every_s, ask)], nothing_to_settle, publish, sleep=self.sleep, monotonic=self.monotonic
        )

    def identified(self, serial: str, bus: I2cLink) -> None:
        """Take ``serial`` as the chip's own. Raises LinkError when the configuration names another one."""
        wanted = self.about.serial
        if wanted and wanted.lower().removeprefix("0x") != serial:
            raise LinkError(
                f"{bus.address}: this is the sensor with serial number {serial}, {wanted} is configured; "
                "nothing of it is published"
            )
        self.serial_number = serial

    def bad(self, bus: I2cLink, what: str) -> BadAnswerError:
        return BadAnswerError(f"{bus.address}: {what}")


async def nothing_to_settle() -> None:
    """A transfer is over when it ends: no late answer can come on a bus."""


def on_i2c(link: Link) -> I2cLink:
    """The link as what it is. Raises LinkError when it is no I²C link (the configuration's check forbids it)."""
    if not isinstance(link, I2cLink):
        raise LinkError(f"{link.address}: not a device on an I²C bus")
    return link


def marked(values: dict[str, Value], channels: dict[str, Channel], q: dict[str, Quality] | None = None) -> Values:
    """Values with their qualities: what is outside its channel's range is uncertain, what is None is bad."""
    found: dict[str, Quality] = {}
    for name, value in values.items():
        limits = channels[name].range
        if value is None:
            found[name] = "bad"
        elif limits is not None and isinstance(value, (int, float)) and not limits[0] <= value <= limits[1]:
            found[name] = "uncertain"
    return values, found | (q or {})
