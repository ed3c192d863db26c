"""A Sensirion SHT30, SHT31 or SHT35: relative humidity and temperature over I²C.

Source: Sensirion, "Datasheet SHT3x-DIS", version 5 (2018): sections 3.4 address, 4.3 and 4.4 single shot (0x2400: high
repeatability, no clock stretching, at most 15 ms by table 4), 4.8 break 0x3093, 4.10 heater off 0x3066, 4.11 status
0xF32D (bit 13 heater, bit 4 reset) and clear 0x3041, 4.12 checksum, 4.13 conversion. Serial number: 0x3682, two words,
Sensirion's application note "SHT3x and STS3x electronic identification code".
"""

import msgspec

from broker.messages import Channel, Meta, Quality, Value
from edge.driver import Sample
from edge.instruments.on_i2c import I2cDriver, Values, marked
from edge.instruments.sensirion import FULL_SCALE, celsius, command, percent, words
from edge.links.base import LinkError
from edge.links.i2c import I2cLink

MEASURE, BREAK, STATUS, CLEAR_STATUS = 0x2400, 0x3093, 0xF32D, 0x3041
HEATER_ON, HEATER_OFF = 0x306D, 0x3066
SERIAL = 0x3682
MEASURES_S = 0.016
SETTLES_S = 0.002
HEATER, WAS_RESET = 1 << 13, 1 << 4


class Sht3xOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``every_ms``: how often it measures; more often than once a second warms it (datasheet section 2)."""

    every_ms: int = 2000

    def __post_init__(self) -> None:
        if self.every_ms < 100:
            raise ValueError("every_ms is at least 100: measuring without a pause warms the sensor")


class Sht3x(I2cDriver[Sht3xOptions]):
    """Single shots at high repeatability; the heater is kept off."""

    Options = Sht3xOptions
    at = (0x44, 0x45)

    @property
    def every_s(self) -> float:
        return self.options.every_ms / 1000

    @property
    def meta(self) -> Meta:
        return self.describe(
            channels(self.options.every_ms), {}, stale_ms=max(5000, 3 * self.options.every_ms), label="Climate",
            vendor="Sensirion", model="SHT3x", serial=self.serial_number,
        )  # fmt: skip

    async def begin(self, bus: I2cLink) -> None:
        """End what somebody may have left running, ask who it is, heater off, forget past resets."""
        for code in (BREAK, HEATER_OFF, CLEAR_STATUS):
            await bus.transfer(command(code))
            await self.sleep(SETTLES_S)
        serial = await self._ask(bus, SERIAL, 2)
        if None in serial:
            raise self.bad(bus, "the serial number came with a wrong checksum; is it an SHT3x?")
        self.identified("".join(f"{word:04x}" for word in serial), bus)
        if await self._status(bus) & (HEATER | WAS_RESET):
            raise self.bad(bus, "the status does not clear; is it an SHT3x?")

    async def read(self, bus: I2cLink) -> Sample:
        status = await self._status(bus)
        if status & WAS_RESET:
            raise LinkError(f"{bus.address}: the sensor was without power; it is identified again")
        heated = bool(status & HEATER)
        if heated:  # another program's doing: this reading is warm, the next may be good
            await bus.transfer(command(HEATER_OFF))
        await bus.transfer(command(MEASURE))
        await self.sleep(MEASURES_S)
        answer = await bus.transfer(read=6)
        values, q = decode(answer.data, channels(self.options.every_ms), heated=heated)
        if all(value is None and q[name] == "bad" for name, value in values.items()):
            raise self.bad(bus, f"wrong checksums in {answer.data.hex(' ')}")
        return Sample(values, answer.t_us, q)

    async def _ask(self, bus: I2cLink, code: int, count: int) -> list[int | None]:
        await bus.transfer(command(code))
        await self.sleep(SETTLES_S)
        return words((await bus.transfer(read=3 * count)).data)

    async def _status(self, bus: I2cLink) -> int:
        (status,) = await self._ask(bus, STATUS, 1)
        if status is None:
            raise self.bad(bus, "the status came with a wrong checksum")
        return status


def channels(every_ms: int) -> dict[str, Channel]:
    """Ranges by table 1 and 2, resolutions as typical there."""
    period = float(every_ms)
    return {
        "temperature": Channel(unit="°C", label="Temperature", group="Temperature", range=(-40.0, 125.0),
                               resolution=0.01, period_ms=period),
        "humidity": Channel(unit="%", label="Relative humidity", group="Humidity", range=(0.0, 100.0),
                            resolution=0.01, period_ms=period),
    }  # fmt: skip


def decode(data: bytes, described: dict[str, Channel], *, heated: bool = False) -> Values:
    """Six bytes: temperature, checksum, humidity, checksum. A wrong checksum is bad, the end of the scale a limit."""
    t, h = [*words(data), None, None][:2]
    values: dict[str, Value] = {
        "temperature": None if t is None else celsius(t),
        "humidity": None if h is None else percent(h),
    }
    q: dict[str, Quality] = {name: "uncertain" for name, value in values.items() if value is not None and heated}
    if h in (0, FULL_SCALE):  # wet or dry to the end of the scale
        q["humidity"] = "uncertain"
    if t in (0, FULL_SCALE):
        values["temperature"], q["temperature"] = None, "+inf" if t else "-inf"
    return marked(values, described, q)
