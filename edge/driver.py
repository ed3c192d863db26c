"""What an instrument's driver is: it gets an open line, hands out readings and executes commands. No MQTT here.

A driver in TOML is ``edge.line``; one in Python is a class like those in ``edge.instruments``, found by its entry
point in the group ``labwire.instruments``.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from broker.commands import CommandFailed
from broker.messages import Channel, Command, CommandSpec, Meta, Quality, Value
from broker.runtime import Sleep
from edge.links.address import Address, I2cAddress, SerialSettings
from edge.links.base import Link

STALE_MS = 5000
"""A value is stale after this long unless configuration or driver say otherwise."""

Monotonic = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample set: values by channel, the instant the answer's last byte arrived, quality where it is not good."""

    values: Mapping[str, Value]
    t_us: int
    q: Mapping[str, Quality] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """Many sample sets of a fast signal, by column. Times as in ``broker.messages.Block``; ``q``: channel → row →
    code."""

    cols: Mapping[str, Sequence[Value]]
    t0_us: int | None = None
    dt_us: int | None = None
    t_us: Sequence[int] | None = None
    q: Mapping[str, Mapping[int, Quality]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong that the next try may mend: shown as ``degraded`` with this reason."""

    reason: str


Item = Sample | Rows | Trouble
Publish = Callable[[Item], None]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class About:
    """What the configuration says of any instrument, whatever its driver."""

    name: str
    label: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    edge: str = ""
    simulated: bool = False
    stale_ms: int = 0
    timeout_s: float = 1.0


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of a driver that has none."""


O = TypeVar("O", bound=msgspec.Struct)  # noqa: E741


class Driver(ABC, Generic[O]):
    """One instrument. ``Options`` is the struct its table ``[instrument.options]`` is read as, ``serial`` how the
    device's serial line is set in the factory."""

    Options: ClassVar[type[Any]] = NoOptions
    serial: ClassVar[SerialSettings] = SerialSettings()

    def __init__(
        self, about: About, options: O, *, sleep: Sleep = asyncio.sleep, monotonic: Monotonic = time.monotonic
    ) -> None:
        self.about = about
        self.options = options
        self.sleep = sleep
        self.monotonic = monotonic

    @classmethod
    def check_address(cls, address: Address) -> None:
        """Whether it can be spoken to there. Raises ValueError with what was expected."""
        if isinstance(address, I2cAddress):
            raise ValueError(f"port '{address}' is a device on a bus; this driver speaks over a serial line or TCP")

    @property
    @abstractmethod
    def meta(self) -> Meta:
        """What the instrument is. May say more after ``start`` (a serial number that was asked for)."""

    async def start(self, link: Link) -> None:
        """Prepare an instrument whose line was just opened. Raises LinkError."""

    @abstractmethod
    async def run(self, link: Link, publish: Publish) -> None:
        """Read for ever. Ends only by raising LinkError: then the line is closed and tried again later."""

    async def settle(self, link: Link) -> None:
        """After a failed exchange, let a late answer pass. Raises LinkError."""
        await link.settle()

    async def execute(self, link: Link, command: Command, publish: Publish, progress: Progress) -> dict[str, Value]:
        """Carry out a command whose name and arguments fit ``meta``; the line's turn is held for it meanwhile.

        Raises CommandFailed, LinkError.
        """
        raise CommandFailed("unknown", f"{self.about.name} has no command {command.name!r}")

    def describe(
        self,
        channels: dict[str, Channel],
        commands: dict[str, CommandSpec],
        *,
        stale_ms: int = STALE_MS,
        label: str = "",
        vendor: str = "",
        model: str = "",
        serial: str = "",
    ) -> Meta:
        """Meta from the configuration; the keywords (what the driver knows or asked) fill what it leaves empty."""
        a = self.about
        return Meta(
            name=a.label or label or a.name,
            vendor=a.vendor or vendor,
            model=a.model or model,
            serial=a.serial or serial,
            edge=a.edge,
            simulated=a.simulated,
            stale_ms=a.stale_ms or stale_ms,
            channels=channels,
            commands=commands,
        )
