"""A Bosch BME280: temperature, relative humidity and pressure over I²C.

Source: Bosch Sensortec, "BME280 Data sheet", BST-BME280-DS002, revision 1.6 (2018): section 3.3.3 forced mode, 4.2.2
trimming values, 4.2.3 and 8.1 compensation, 5.4 registers (0xD0 id 0x60, 0xF2 ctrl_hum, 0xF3 status, 0xF4 ctrl_meas,
0xF5 config, 0xF7 data), 9.1 measuring time. The chip has no serial number; the checksum of its trimming values, which
are burned for each chip, stands in for one. It has no checksum on the wire either.
"""

import struct
import zlib
from typing import Literal, NamedTuple

import msgspec

from broker.messages import Channel, Meta, Value
from edge.driver import Sample
from edge.instruments.on_i2c import I2cDriver, Values, marked
from edge.links.base import LinkError
from edge.links.i2c import I2cLink

ID, CTRL_HUM, STATUS, CTRL_MEAS, CONFIG, DATA = 0xD0, 0xF2, 0xF3, 0xF4, 0xF5, 0xF7
TRIM_LOW, TRIM_LOW_BYTES, TRIM_HIGH, TRIM_HIGH_BYTES = 0x88, 26, 0xE1, 7
CHIP = 0x60
FORCED = 1
MEASURING, COPYING = 1 << 3, 1
LOOKS = 10
LOOK_EVERY_S = 0.002
SKIPPED_20, SKIPPED_16 = 0x80000, 0x8000
"""What the data registers hold while nothing was measured (section 5.4.7 to 5.4.9)."""

_OTHERS = {0x56: "a BMP280 sample", 0x57: "a BMP280 sample", 0x58: "a BMP280, which has no humidity", 0x61: "a BME680"}
_CODES = {1: 1, 2: 2, 4: 3, 8: 4, 16: 5}


class Bme280Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``oversampling`` of all three quantities: less noise, longer measurement (9 ms at 1, 113 ms at 16)."""

    every_ms: int = 2000
    oversampling: Literal[1, 2, 4, 8, 16] = 1

    def __post_init__(self) -> None:
        if self.every_ms < 200:
            raise ValueError("every_ms is at least 200")


class Trim(NamedTuple):
    """The trimming values, by the datasheet's names without ``dig_``."""

    t1: int
    t2: int
    t3: int
    p1: int
    p2: int
    p3: int
    p4: int
    p5: int
    p6: int
    p7: int
    p8: int
    p9: int
    h1: int
    h2: int
    h3: int
    h4: int
    h5: int
    h6: int


class Bme280(I2cDriver[Bme280Options]):
    """One forced measurement at a time, filter off."""

    Options = Bme280Options
    at = (0x76, 0x77)
    _trim: Trim | None = None

    @property
    def every_s(self) -> float:
        return self.options.every_ms / 1000

    @property
    def meta(self) -> Meta:
        return self.describe(
            channels(self.options.every_ms), {}, stale_ms=max(5000, 3 * self.options.every_ms), label="Climate",
            vendor="Bosch Sensortec", model="BME280", serial=self.serial_number,
        )  # fmt: skip

    async def begin(self, bus: I2cLink) -> None:
        found = (await self._get(bus, ID, 1))[0]
        if found != CHIP:
            other = _OTHERS.get(found, "another chip")
            raise LinkError(f"{bus.address}: the chip's id is 0x{found:02x}, {other}; a BME280 has 0x60")
        await self._until_clear(bus, COPYING)
        low = await self._get(bus, TRIM_LOW, TRIM_LOW_BYTES)
        high = await self._get(bus, TRIM_HIGH, TRIM_HIGH_BYTES)
        self.identified(f"trim-{zlib.crc32(low + high):08x}", bus)
        self._trim = trimming(low, high)
        await bus.transfer(bytes([CONFIG, 0]))
        await bus.transfer(bytes([CTRL_HUM, self._code]))

    async def read(self, bus: I2cLink) -> Sample:
        if (await self._get(bus, CTRL_HUM, 1))[0] != self._code or self._trim is None:
            raise LinkError(f"{bus.address}: the chip was without power, or another program set it; it is set again")
        await bus.transfer(bytes([CTRL_MEAS, self._code << 5 | self._code << 2 | FORCED]))
        await self.sleep(measuring_s(self.options.oversampling))
        await self._until_clear(bus, MEASURING)
        answer = await bus.transfer(bytes([DATA]), 8)
        values, q = decode(answer.data, self._trim, channels(self.options.every_ms))
        if all(value is None for value in values.values()):
            raise self.bad(bus, "it has not measured")
        return Sample(values, answer.t_us, q)

    @property
    def _code(self) -> int:
        return _CODES[self.options.oversampling]

    async def _get(self, bus: I2cLink, register: int, count: int) -> bytes:
        return (await bus.transfer(bytes([register]), count)).data

    async def _until_clear(self, bus: I2cLink, bit: int) -> None:
        for _ in range(LOOKS):
            if not (await self._get(bus, STATUS, 1))[0] & bit:
                return
            await self.sleep(LOOK_EVERY_S)
        raise self.bad(bus, "it stays busy")


def measuring_s(oversampling: int) -> float:
    """The longest a forced measurement takes, seconds (section 9.1)."""
    return (1.25 + 3 * 2.3 * oversampling + 2 * 0.575) / 1000


def channels(every_ms: int) -> dict[str, Channel]:
    """Ranges by tables 2 to 4; resolution as the datasheet's integers have it."""
    period = float(every_ms)
    return {
        "temperature": Channel(unit="°C", label="Temperature", group="Temperature", range=(-40.0, 85.0),
                               resolution=0.01, period_ms=period),
        "humidity": Channel(unit="%", label="Relative humidity", group="Humidity", range=(0.0, 100.0),
                            resolution=0.01, period_ms=period),
        "pressure": Channel(unit="hPa", label="Pressure", group="Pressure", range=(300.0, 1100.0), resolution=0.01,
                            period_ms=period),
    }  # fmt: skip


def trimming(low: bytes, high: bytes) -> Trim:
    """From the registers 0x88 to 0xA1 and 0xE1 to 0xE7 (table 16): H4 and H5 share a byte, signed 12 bits each."""
    h2, h3 = struct.unpack_from("<hB", high)
    (h6,) = struct.unpack_from("<b", high, 6)
    h4 = _signed_12(high[3] << 4 | high[4] & 0x0F)
    h5 = _signed_12(high[5] << 4 | high[4] >> 4)
    return Trim._make([*struct.unpack_from("<HhhHhhhhhhhh", low), low[25], h2, h3, h4, h5, h6])


def _signed_12(value: int) -> int:
    return value - 0x1000 if value & 0x800 else value


def decode(data: bytes, trim: Trim, described: dict[str, Channel]) -> Values:
    """Eight bytes: pressure and temperature in 20 bits, humidity in 16. What was not measured is bad."""
    raw_p, raw_t = (int.from_bytes(data[k : k + 3], "big") >> 4 for k in (0, 3))
    raw_h = int.from_bytes(data[6:8], "big")
    values: dict[str, Value] = {"temperature": None, "humidity": None, "pressure": None}
    if raw_t != SKIPPED_20:
        fine = fine_temperature(raw_t, trim)
        values["temperature"] = fine / 5120
        values["humidity"] = None if raw_h == SKIPPED_16 else humidity(raw_h, fine, trim)
        values["pressure"] = None if raw_p == SKIPPED_20 else pressure(raw_p, fine, trim)
    return marked(values, described)


def fine_temperature(raw: int, trim: Trim) -> float:
    """The temperature in 1/5120 °C, which the other two are compensated with (section 8.1, in doubles)."""
    x = raw / 2**14 - trim.t1 / 2**10
    return x * trim.t2 + (x / 8) ** 2 * trim.t3


def pressure(raw: int, fine: float, trim: Trim) -> float | None:
    """In hPa; None where the formula has no answer (section 8.1)."""
    t = fine / 2 - 64000
    offset = (t * t * trim.p6 / 2**15 + 2 * t * trim.p5) / 4 + trim.p4 * 2**16
    gain = (1 + (trim.p3 * t * t / 2**19 + trim.p2 * t) / 2**34) * trim.p1
    if gain == 0:
        return None
    p = (2**20 - raw - offset / 2**12) * 6250 / gain
    return (p + (trim.p9 * p * p / 2**31 + trim.p8 * p / 2**15 + trim.p7) / 16) / 100


def humidity(raw: int, fine: float, trim: Trim) -> float:
    """In %, not cut at 0 and 100: what is beyond is marked instead (section 8.1)."""
    t = fine - 76800
    slope = trim.h2 / 2**16 * (1 + trim.h6 / 2**26 * t * (1 + trim.h3 / 2**26 * t))
    h = (raw - (trim.h4 * 64 + trim.h5 / 2**14 * t)) * slope
    return h * (1 - trim.h1 * h / 2**19)
