"""A stirrer, hotplate or thermostat that speaks NAMUR commands, as IKA's do.

Source: IKA operating instructions, chapter "Interfaces and outputs" (RCT digital; EUROSTAR 60/100 digital; RC 2 basic),
after the NAMUR recommendation for laboratory devices, rev. 1.1: capital letters, a space before the parameter, CR LF,
at most 80 characters, decimal point, factory setting 9600 7E1. ``IN_…`` is answered by value and channel number
(``312.0 4``); ``OUT_…``, ``START_…`` and ``STOP_…`` are not answered at all, so a set point is read back here.
Channels: 1 external temperature, 2 plate or bath temperature, 4 speed, 5 torque (plates: viscosity trend).
"""

import re
from functools import partial
from typing import Literal

import msgspec

from broker.commands import CommandFailed
from broker.messages import Argument, Channel, Command, CommandSpec, Meta, Value
from edge.driver import Driver, Progress, Publish, Sample
from edge.links.address import SerialSettings
from edge.links.base import BadAnswerError, Link, LinkError
from edge.polling import Poll, poll_forever

END = b"\r\n"
ANSWER_END = b"\n"
"""Some devices send a blank before CR LF, some none; the line feed is common to all."""

_NUMBER = re.compile(r"(?P<value>[-+]?\d+(?:\.\d+)?)\s+(?P<channel>\d+)")


class NamurOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``has``: which functions the device has. Limits are those of the device; a set point outside is rejected."""

    has: tuple[Literal["speed", "torque", "temperature", "external"], ...] = ("speed", "torque")
    every_ms: int = 250
    max_speed: float = 2000.0
    max_torque: float = 100.0
    max_temperature: float = 310.0

    def __post_init__(self) -> None:
        if not self.has or self.every_ms < 50:
            raise ValueError("has names at least one function and every_ms is at least 50")


class NamurError(ValueError):
    """An answer that is not value and channel; the text shows it."""


def parse_value(line: bytes, channel: int) -> float:
    """Read an answer like ``312.0 4``. Raises NamurError, also when it is another channel's."""
    found = _NUMBER.fullmatch(_text(line))
    if found is None or int(found["channel"]) != channel:
        raise NamurError(f"{line!r} is not a value of channel {channel}")
    return float(found["value"])


def parse_name(line: bytes) -> str:
    """Read the answer to IN_NAME: printable text. Raises NamurError."""
    text = _text(line)
    if not text.isprintable() or not text:
        raise NamurError(f"{line!r} is not a name")
    return text


def set_line(channel: int, value: float) -> bytes:
    """``OUT_SP_4 300.0`` without line end; one decimal, as the devices show."""
    return f"OUT_SP_{channel} {value:.1f}".encode("ascii")


def _text(line: bytes) -> str:
    try:
        return line.decode("ascii").strip()
    except UnicodeDecodeError:
        raise NamurError(f"{line!r} is not ASCII") from None


class Stirrer(Driver[NamurOptions]):
    """Actual values and set points polled together as one sample set; set points, start and stop as commands."""

    Options = NamurOptions
    serial = SerialSettings(baud=9600, bytesize=7, parity="even", stopbits=1)
    _name: str = ""

    @property
    def meta(self) -> Meta:
        o = self.options
        label = "Stirrer" if "speed" in o.has else "Thermostat"
        return self.describe(_channels(o), _commands(o), label=label, vendor="IKA", model=self._name)

    async def start(self, link: Link) -> None:
        """Ask for the device's name."""
        reply = await link.ask(b"IN_NAME" + END, ANSWER_END, self.about.timeout_s)
        try:
            self._name = parse_name(reply.data)
        except NamurError as e:
            raise BadAnswerError(f"{self.about.name}: {e}") from e

    async def run(self, link: Link, publish: Publish) -> None:
        async def ask() -> Sample:
            async with link.turn:
                return await self._read_all(link)

        poll = Poll(self.options.every_ms / 1000, ask)
        await poll_forever([poll], partial(self.settle, link), publish, sleep=self.sleep, monotonic=self.monotonic)

    async def _read_all(self, link: Link) -> Sample:
        """One sample set of all values; its time is that of the last answer."""
        values: dict[str, Value] = {}
        t_us = 0
        for name, question, channel in _questions(self.options):
            values[name], t_us = await self._ask(link, question, channel)
        return Sample(values, t_us)

    async def _ask(self, link: Link, question: bytes, channel: int) -> tuple[float, int]:
        reply = await link.exchange(question + END, ANSWER_END, self.about.timeout_s)
        try:
            return parse_value(reply.data, channel), reply.t_us
        except NamurError as e:
            raise BadAnswerError(f"{self.about.name}: {e}") from e

    async def execute(self, link: Link, command: Command, publish: Publish, progress: Progress) -> dict[str, Value]:
        match command.name:
            case "set_speed":
                return await self._set(link, 4, command, "setpoint")
            case "set_temperature":
                return await self._set(link, 1, command, "temperature_setpoint")
            case "start" | "stop":
                return await self._switch(link, command.name, 4, publish)
            case "start_heating" | "stop_heating":
                return await self._switch(link, command.name.removesuffix("_heating"), 1, publish)
        raise CommandFailed("unknown", f"{self.about.name} has no command {command.name!r}")

    async def _set(self, link: Link, channel: int, command: Command, sets: str) -> dict[str, Value]:
        """Write a set point and read it back: only the device's own words make it done."""
        wanted = command.args.get("value")
        if not isinstance(wanted, (int, float)):
            raise CommandFailed("bad_argument", "value is missing")
        await link.write(set_line(channel, wanted) + END)
        try:
            found, _ = await self._ask(link, f"IN_SP_{channel}".encode(), channel)
        except LinkError as e:
            raise CommandFailed("no_answer", f"the set point could not be read back: {e}") from e
        if abs(found - wanted) > 0.5:
            raise CommandFailed("not_taken", f"the device keeps {found:g}, {wanted:g} was sent")
        return {sets: found}

    async def _switch(self, link: Link, verb: str, channel: int, publish: Publish) -> dict[str, Value]:
        """START_n and STOP_n are not answered; a full reading after it shows that the device is still there."""
        await link.write(f"{verb.upper()}_{channel}".encode() + END)
        sample = await self._read_all(link)
        publish(sample)
        return dict(sample.values)


def _questions(options: NamurOptions) -> list[tuple[str, bytes, int]]:
    """(channel name, question, number in the answer), actual values last so that their time is the sample's."""
    asked: list[tuple[str, bytes, int]] = []
    if "speed" in options.has:
        asked.append(("setpoint", b"IN_SP_4", 4))
    if "temperature" in options.has:
        asked += [("temperature_setpoint", b"IN_SP_1", 1), ("temperature", b"IN_PV_2", 2)]
    if "external" in options.has:
        asked.append(("external", b"IN_PV_1", 1))
    if "torque" in options.has:
        asked.append(("torque", b"IN_PV_5", 5))
    if "speed" in options.has:
        asked.append(("speed", b"IN_PV_4", 4))
    return asked


def _channels(options: NamurOptions) -> dict[str, Channel]:
    speed, heat = (0.0, options.max_speed), (0.0, options.max_temperature)
    every = {
        "speed": Channel(unit="1/min", label="Speed", range=speed, resolution=1, group="Speed", source="IN_PV_4"),
        "setpoint": Channel(unit="1/min", label="Set point", range=speed, resolution=1, group="Speed",
                            source="IN_SP_4"),
        "torque": Channel(unit="N·cm", label="Torque", range=(0.0, options.max_torque), resolution=0.1, group="Torque",
                          source="IN_PV_5"),
        "temperature": Channel(unit="°C", label="Temperature", range=heat, resolution=0.1, group="Temperature",
                               source="IN_PV_2"),
        "temperature_setpoint": Channel(unit="°C", label="Set point", range=heat, resolution=0.1, group="Temperature",
                                        source="IN_SP_1"),
        "external": Channel(unit="°C", label="In the vessel", range=heat, resolution=0.1, group="Temperature",
                            source="IN_PV_1"),
    }  # fmt: skip
    asked = {name for name, _, _ in _questions(options)}
    period = float(options.every_ms)
    return {name: msgspec.structs.replace(c, period_ms=period) for name, c in every.items() if name in asked}


def _commands(options: NamurOptions) -> dict[str, CommandSpec]:
    commands: dict[str, CommandSpec] = {}
    if "speed" in options.has:
        value = Argument(unit="1/min", label="Speed", min=0.0, max=options.max_speed)
        commands["set_speed"] = CommandSpec(label="Set speed", args={"value": value}, sets="setpoint")
        commands["start"] = CommandSpec(label="Start", confirm=True, sets="speed")
        commands["stop"] = CommandSpec(label="Stop", sets="speed")
    if "temperature" in options.has:
        value = Argument(unit="°C", label="Temperature", min=0.0, max=options.max_temperature)
        commands["set_temperature"] = CommandSpec(
            label="Set temperature", args={"value": value}, sets="temperature_setpoint"
        )
        commands["start_heating"] = CommandSpec(label="Start heating", confirm=True, sets="temperature")
        commands["stop_heating"] = CommandSpec(label="Stop heating", sets="temperature")
    return commands
