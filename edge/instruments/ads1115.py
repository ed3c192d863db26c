"""A Texas Instruments ADS1115: four inputs, or pairs of them, at 16 bits over I²C.

Source: Texas Instruments, "ADS111x", SBAS444E (2024): section 7.3 full-scale range (of 4.096 V and 6.144 V only what
the supply allows), 7.4.2.1 single shot, 7.5.4 data format (7FFFh and 8000h are the ends), 8.1.2 conversion register
(0), 8.1.3 config register (1). The chip has neither identity nor checksum: that the register keeps two patterns is all
that can be asked, and the config is read back with every conversion.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from broker.messages import Channel, Meta, Quality, Value
from broker.topics import check_channel
from edge.driver import Sample
from edge.instruments.on_i2c import I2cDriver, Values, marked
from edge.links.base import BadAnswerError, LinkError
from edge.links.i2c import I2cLink
from edge.links.inbox import Stamped

CONVERSION, CONFIG = 0, 1
READY = 1 << 15
SINGLE_SHOT = 1 << 8
NO_COMPARATOR = 3
LOOKS = 5
OVERHEAD_MS = 2.0
"""Waking up, oscillator tolerance and the transfers of one conversion, beside 1/rate."""

Place = Literal["a0-a1", "a0-a3", "a1-a3", "a2-a3", "a0", "a1", "a2", "a3"]
PLACES: tuple[Place, ...] = ("a0-a1", "a0-a3", "a1-a3", "a2-a3", "a0", "a1", "a2", "a3")
FULL_SCALES_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256)
RATES = (8, 16, 32, 64, 128, 250, 475, 860)


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One channel. Value = volts · ``scale`` + ``offset``; ``full_scale`` in V is the gain's choice."""

    input: Place
    full_scale: float = 2.048
    unit: str = "V"
    label: str = ""
    scale: float = 1.0
    offset: float = 0.0
    range: tuple[float, float] | None = None
    resolution: float | None = None

    def __post_init__(self) -> None:
        if self.full_scale not in FULL_SCALES_V:
            known = ", ".join(f"{volts:g}" for volts in FULL_SCALES_V)
            raise ValueError(f"full_scale {self.full_scale:g} was expected as one of {known}")
        if self.scale == 0 or (self.range is not None and not self.range[0] < self.range[1]):
            raise ValueError("scale is not 0, range is [lowest, highest]")


class Ads1115Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``inputs``: the channels by name. ``rate``: conversions a second; slow ones are quieter, 8 … 860."""

    inputs: dict[str, Input]
    rate: Literal[8, 16, 32, 64, 128, 250, 475, 860] = 128
    every_ms: int = 1000

    def __post_init__(self) -> None:
        if not self.inputs:
            raise ValueError("inputs names at least one channel")
        for name in self.inputs:
            check_channel(name)
        needed = len(self.inputs) * (1000 / self.rate + OVERHEAD_MS)
        if self.every_ms < needed:
            raise ValueError(
                f"every_ms {self.every_ms} is too short: these inputs need {needed:.0f} ms at {self.rate}/s"
            )


class Ads1115(I2cDriver[Ads1115Options]):
    """One single-shot conversion for each channel, together one sample set."""

    Options = Ads1115Options
    at = (0x48, 0x49, 0x4A, 0x4B)

    @property
    def every_s(self) -> float:
        return self.options.every_ms / 1000

    @property
    def meta(self) -> Meta:
        return self.describe(
            channels(self.options), {}, stale_ms=max(5000, 3 * self.options.every_ms), label="Voltages",
            vendor="Texas Instruments", model="ADS1115",
        )  # fmt: skip

    async def begin(self, bus: I2cLink) -> None:
        """Two settings without a conversion: a chip that keeps both has such a register."""
        for full_scale in (0.256, 6.144):
            wanted = config("a3", full_scale, self.options.rate) & ~READY
            await bus.transfer(bytes([CONFIG]) + wanted.to_bytes(2, "big"))
            if await self._config(bus) & ~READY != wanted:
                raise LinkError(f"{bus.address}: its config register does not keep what is written; is it an ADS1115?")

    async def read(self, bus: I2cLink) -> Sample:
        raw: dict[str, int] = {}
        t_us = 0
        for name, wanted in self.options.inputs.items():
            answer = await self._convert(bus, config(wanted.input, wanted.full_scale, self.options.rate))
            raw[name], t_us = int.from_bytes(answer.data, "big", signed=True), answer.t_us
        values, q = decode(raw, self.options.inputs, channels(self.options))
        return Sample(values, t_us, q)

    async def _convert(self, bus: I2cLink, wanted: int) -> Stamped:
        await bus.transfer(bytes([CONFIG]) + wanted.to_bytes(2, "big"))
        for _ in range(LOOKS):
            await self.sleep((1000 / self.options.rate + OVERHEAD_MS) / 1000)
            found = await self._config(bus)
            if found | READY != wanted:
                raise self._changed(bus)
            if found & READY:
                return await bus.transfer(bytes([CONVERSION]), 2)
        raise self.bad(bus, "the conversion does not end")

    def _changed(self, bus: I2cLink) -> BadAnswerError:
        return self.bad(bus, "its setting changed during the conversion: power lost, or another program uses it")

    async def _config(self, bus: I2cLink) -> int:
        return int.from_bytes((await bus.transfer(bytes([CONFIG]), 2)).data, "big")


def config(place: Place, full_scale: float, rate: int) -> int:
    """The config register that starts one conversion."""
    mux, gain, speed = PLACES.index(place), FULL_SCALES_V.index(full_scale), RATES.index(rate)
    return READY | mux << 12 | gain << 9 | SINGLE_SHOT | speed << 5 | NO_COMPARATOR


def channels(options: Ads1115Options) -> dict[str, Channel]:
    """One for each input; the step of the converter is the resolution where none is given."""
    return {
        name: Channel(unit=i.unit, label=i.label or name, group=i.unit, range=i.range, source=i.input.upper(),
                      resolution=i.resolution or abs(i.scale) * i.full_scale / 2**15,
                      period_ms=float(options.every_ms))
        for name, i in options.inputs.items()
    }  # fmt: skip


def decode(raw: Mapping[str, int], inputs: Mapping[str, Input], described: dict[str, Channel]) -> Values:
    """Counts to values; at the ends of the converter's scale there is no value, only that it is beyond."""
    values: dict[str, Value] = {}
    q: dict[str, Quality] = {}
    for name, count in raw.items():
        i = inputs[name]
        values[name] = count * i.full_scale / 2**15 * i.scale + i.offset
        if count in (2**15 - 1, -(2**15)):
            values[name], q[name] = None, "+inf" if (count > 0) == (i.scale > 0) else "-inf"
    return marked(values, described, q)
