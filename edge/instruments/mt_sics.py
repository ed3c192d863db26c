"""A Mettler-Toledo balance that speaks MT-SICS over a serial line or TCP.

Source: Mettler-Toledo, "Reference Manual MT-SICS Interface Commands for XPR and XSR Balances", 30324923E (2020):
chapter 2.2 formats of responses (``ID Status WeightValue Unit``, the weight ten characters wide), chapter 2.3 error
messages (``ES`` syntax, ``ET`` transmission, ``EL`` logical error; ``I`` not executable, ``+`` overload, ``-``
underload), chapter 3 commands ``S``, ``SI``, ``T``, ``TAC``, ``Z``, ``D``, ``DW``, ``I2``, ``I4``, ``@``.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec

from broker.commands import CommandFailed
from broker.messages import Argument, Channel, Command, CommandSpec, Meta, Quality, Value
from edge.driver import Driver, Progress, Publish, Sample
from edge.links.address import SerialSettings
from edge.links.base import BadAnswerError, Link
from edge.links.inbox import Stamped
from edge.polling import Poll, poll_forever

END = b"\r\n"
STABLE_WAIT_S = 12.0
"""Stable answers (S, T, Z) may take until the balance's own time limit, 10 s as delivered."""

_WEIGHT = re.compile(r"(?P<status>[A-Z])\s+(?P<value>[-+]?\d+(?:\.\d+)?)(?:\s+(?P<unit>\S+))?")
_TEXT = re.compile(r'A\s+"(?P<text>.*)"')
_ERRORS = {
    "ES": "the balance does not know the command (ES)",
    "ET": "the balance received garbled bytes (ET); check baud rate and parity",
    "EL": "the balance cannot execute the command now (EL)",
}
_REFUSALS: dict[str, tuple[str, str]] = {
    "I": ("busy", "the balance cannot do it now: it is busy or was not stable in time"),
    "+": ("overload", "the upper limit of the balance's range is exceeded"),
    "-": ("underload", "the lower limit of the balance's range is exceeded; is the pan in its place?"),
    "L": ("parameter", "the balance refuses the parameter"),
}


class BalanceOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``every_ms``: how often the weight is asked for. ``unit``, ``resolution`` and ``range`` as the balance shows
    them; a weight in another unit is marked bad, so that grams and carats never mix in one curve."""

    every_ms: int = 250
    unit: str = "g"
    resolution: float = 0.0001
    range: tuple[float, float] = (-220.0, 220.0)

    def __post_init__(self) -> None:
        if self.every_ms < 20 or self.resolution <= 0 or not self.range[0] < self.range[1]:
            raise ValueError("every_ms is at least 20, resolution above 0, range [lowest, highest]")


@dataclass(frozen=True, slots=True)
class Weight:
    """An answer to S or SI. ``value`` is None when the balance has none; ``state`` says why."""

    value: float | None
    unit: str
    state: Literal["stable", "moving", "busy", "overload", "underload"]


class SicsError(ValueError):
    """An answer that is none of the manual's; the text shows it."""


def parse_weight(line: bytes, command: str = "S") -> Weight:
    """Read the answer to S, SI or T. Raises SicsError with the manual's meaning of an error answer."""
    words = _words(line, command)
    match words:
        case "I":
            return Weight(None, "", "busy")
        case "+":
            return Weight(None, "", "overload")
        case "-":
            return Weight(None, "", "underload")
    found = _WEIGHT.fullmatch(words)
    if found is None or found["status"] not in "SD":
        raise SicsError(f"{line!r} is not a weight")
    return Weight(float(found["value"]), found["unit"] or "", "stable" if found["status"] == "S" else "moving")


def parse_text(line: bytes, command: str) -> str:
    """Read an answer like ``I4 A "B021002593"``. Raises SicsError."""
    found = _TEXT.fullmatch(_words(line, command))
    if found is None:
        raise SicsError(f"{line!r} is not an answer to {command}")
    return found["text"]


def parse_done(line: bytes, command: str) -> None:
    """Read the answer to a command that acts (T, Z, D, …). Raises CommandFailed with its reason, SicsError."""
    words = _words(line, command)
    status = words.split(" ", 1)[0]
    if status in _REFUSALS:
        raise CommandFailed(*_REFUSALS[status])
    if status not in ("A", "S", "D"):
        raise SicsError(f"{line!r} is not an answer to {command}")


def _words(line: bytes, command: str) -> str:
    """What follows the command's name in its answer. Raises SicsError."""
    try:
        text = line.decode("ascii").strip()
    except UnicodeDecodeError:
        raise SicsError(f"{line!r} is not ASCII") from None
    if text in _ERRORS:
        raise SicsError(_ERRORS[text])
    name, _, rest = text.partition(" ")
    if name != command or not rest:
        raise SicsError(f"{line!r} is not an answer to {command}")
    return rest.strip()


_CHANNEL_QUALITY: dict[str, Quality] = {"busy": "bad", "overload": "+inf", "underload": "-inf"}


class Balance(Driver[BalanceOptions]):
    """Weight and its stability, polled by SI; tare, clear tare, zero, and text on the display."""

    Options = BalanceOptions
    serial = SerialSettings(baud=9600, bytesize=8, parity="none", stopbits=1)
    _model: str = ""
    _serial: str = ""

    @property
    def meta(self) -> Meta:
        o = self.options
        period = float(o.every_ms)
        channels = {
            "weight": Channel(unit=o.unit, label="Weight", range=o.range, resolution=o.resolution, group="Weight",
                              source="SI", period_ms=period),
            "stable": Channel(type="bool", label="Stable", group="Weight", source="SI", period_ms=period),
        }  # fmt: skip
        stable_ms = int(STABLE_WAIT_S * 1000) + 2000
        commands = {
            "tare": CommandSpec(label="Tare", timeout_ms=stable_ms, sets="weight"),
            "clear_tare": CommandSpec(label="Clear tare", sets="weight"),
            "zero": CommandSpec(label="Zero", timeout_ms=stable_ms, sets="weight"),
            "display": CommandSpec(
                label="Show a text", args={"text": Argument(type="str", label="Text", default="")}
            ),
            "display_weight": CommandSpec(label="Show the weight again"),
        }  # fmt: skip
        return self.describe(
            channels, commands, label="Balance", vendor="Mettler-Toledo", model=self._model, serial=self._serial
        )

    async def start(self, link: Link) -> None:
        """Ask who it is. The first question also wakes a balance that was busy sending."""
        self._serial = await self._identify(link, b"@", "I4")
        self._model = (await self._identify(link, b"I2", "I2")).split(" ")[0]

    async def _identify(self, link: Link, question: bytes, answer: str) -> str:
        reply = await link.ask(question + END, END, self.about.timeout_s)
        try:
            return parse_text(reply.data, answer)
        except SicsError as e:
            raise BadAnswerError(f"{self.about.name}: {e}") from e

    async def run(self, link: Link, publish: Publish) -> None:
        async def ask() -> Sample:
            async with link.turn:
                return await self._weigh(link)

        poll = Poll(self.options.every_ms / 1000, ask)
        await poll_forever([poll], partial(self.settle, link), publish, sleep=self.sleep, monotonic=self.monotonic)

    async def _weigh(self, link: Link) -> Sample:
        reply = await link.exchange(b"SI" + END, END, self.about.timeout_s)
        try:
            return self._sample(parse_weight(reply.data), reply)
        except SicsError as e:
            raise BadAnswerError(f"{self.about.name}: {e}") from e

    def _sample(self, weight: Weight, reply: Stamped) -> Sample:
        values: dict[str, Value] = {"weight": weight.value, "stable": weight.state == "stable"}
        if weight.state in _CHANNEL_QUALITY:
            return Sample(values, reply.t_us, {"weight": _CHANNEL_QUALITY[weight.state]})
        if weight.unit != self.options.unit:
            raise BadAnswerError(
                f"{self.about.name} weighs in {weight.unit or 'no unit'}, {self.options.unit} was expected"
            )
        return Sample(values, reply.t_us)

    async def execute(self, link: Link, command: Command, publish: Publish, progress: Progress) -> dict[str, Value]:
        line, answer, wait = self._question(command)
        try:
            parse_done((await link.exchange(line + END, END, wait)).data, answer)
        except SicsError as e:
            raise CommandFailed("bad_answer", str(e)) from e
        if command.name not in ("tare", "clear_tare", "zero"):
            return {}
        sample = await self._weigh(link)
        publish(sample)
        return dict(sample.values)

    def _question(self, command: Command) -> tuple[bytes, str, float]:
        """The line to send, the name its answer begins with, and how long to wait for it."""
        match command.name:
            case "tare":
                return b"T", "T", STABLE_WAIT_S
            case "zero":
                return b"Z", "Z", STABLE_WAIT_S
            case "clear_tare":
                return b"TAC", "TAC", self.about.timeout_s
            case "display_weight":
                return b"DW", "DW", self.about.timeout_s
            case "display":
                return b"D " + _quoted(command.args.get("text")), "D", self.about.timeout_s
        raise CommandFailed("unknown", f"{self.about.name} has no command {command.name!r}")


def _quoted(text: Value) -> bytes:
    """A text argument as the manual wants it. Raises CommandFailed for what the display cannot show."""
    words = str(text or "")
    if not words.isascii() or not words.isprintable() or '"' in words:
        raise CommandFailed("bad_argument", 'the display shows ASCII letters without "')
    return f'"{words}"'.encode("ascii")
