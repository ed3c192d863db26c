"""A Sensirion SCD40, SCD41 or SCD43: CO₂, temperature and relative humidity over I²C.

Source: Sensirion, "Datasheet SCD4x", version 1.3 (2022), table 9 and sections 3.5 (start 0x21B1, read 0xEC05, stop
0x3F86 with 500 ms), 3.8 (low power 0x21AC, data ready 0xE4B8: the lower eleven bits are not 0), 3.9 (serial number
0x3682, three words), 3.11 checksum; sensor variant 0x202F: version 1.7, section 3.9, bits 15 to 12. The
self-calibration and every other stored setting stay as they are: nothing is written but start and stop.
"""

import msgspec

from broker.messages import Channel, Meta, Quality, Value
from edge.driver import Sample
from edge.instruments.on_i2c import I2cDriver, Values, marked
from edge.instruments.sensirion import FULL_SCALE, celsius, command, percent, words
from edge.links.base import LinkError, NoAnswerError
from edge.links.i2c import I2cLink

START, START_LOW_POWER, STOP = 0x21B1, 0x21AC, 0x3F86
READ, READY = 0xEC05, 0xE4B8
SERIAL, VARIANT = 0x3682, 0x202F
STOPS_S = 0.5
EXECUTES_S = 0.002
LOOK_EVERY_S = 0.25
READY_BITS = 0x07FF
PERIODS_MISSED = 3
"""So many measuring periods without a measurement: it lost its power, and with it the order to measure."""

_VARIANTS = {0: "SCD40", 1: "SCD41", 5: "SCD43"}
_RANGES = {"SCD40": (400.0, 2000.0), "SCD41": (400.0, 5000.0), "SCD43": (400.0, 5000.0)}


class Scd4xOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``low_power``: a measurement every 30 s instead of every 5 s."""

    low_power: bool = False


class Scd4x(I2cDriver[Scd4xOptions]):
    """Periodic measurement by the sensor itself; each is fetched within a quarter of a second."""

    Options = Scd4xOptions
    at = (0x62,)
    _model: str = "SCD4x"

    @property
    def period_s(self) -> float:
        return 30.0 if self.options.low_power else 5.0

    @property
    def every_s(self) -> float:
        """A little before the next is ready: then it is waited for."""
        return self.period_s * 0.9

    @property
    def meta(self) -> Meta:
        return self.describe(
            channels(self.period_s, self._model), {}, stale_ms=int(self.period_s * 3000), label="CO₂",
            vendor="Sensirion", model=self._model, serial=self.serial_number,
        )  # fmt: skip

    async def begin(self, bus: I2cLink) -> None:
        """Only an idle sensor says who it is: stop, ask, start."""
        await bus.transfer(command(STOP))
        await self.sleep(STOPS_S)
        serial = await self._ask(bus, SERIAL, 3)
        if None in serial:
            raise self.bad(bus, "the serial number came with a wrong checksum; is it an SCD4x?")
        self.identified("".join(f"{word:04x}" for word in serial), bus)
        self._model = await self._variant(bus)
        await bus.transfer(command(START_LOW_POWER if self.options.low_power else START))

    async def _variant(self, bus: I2cLink) -> str:
        """Older sensors do not know the question."""
        try:
            (word,) = await self._ask(bus, VARIANT, 1, retry=False)
        except NoAnswerError:
            return "SCD4x"
        return "SCD4x" if word is None else _VARIANTS.get(word >> 12, "SCD4x")

    async def read(self, bus: I2cLink) -> Sample:
        await self._ready(bus)
        await bus.transfer(command(READ))
        await self.sleep(EXECUTES_S)
        answer = await bus.transfer(read=9)
        values, q = decode(answer.data, channels(self.period_s, self._model))
        if all(value is None for value in values.values()):
            raise self.bad(bus, f"wrong checksums in {answer.data.hex(' ')}")
        return Sample(values, answer.t_us, q)

    async def _ready(self, bus: I2cLink) -> None:
        """Wait for the next measurement."""
        limit = self.monotonic() + PERIODS_MISSED * self.period_s
        while self.monotonic() < limit:
            (word,) = await self._ask(bus, READY, 1)
            if word is None:
                raise self.bad(bus, "wrong checksum")
            if word & READY_BITS:
                return
            await self.sleep(LOOK_EVERY_S)
        raise LinkError(f"{bus.address}: it does not measure any more (was it without power?); it is started again")

    async def _ask(self, bus: I2cLink, code: int, count: int, *, retry: bool = True) -> list[int | None]:
        await bus.transfer(command(code), retry=retry)
        await self.sleep(EXECUTES_S)
        return words((await bus.transfer(read=3 * count, retry=retry)).data)


def channels(period_s: float, model: str) -> dict[str, Channel]:
    """CO₂ within what the datasheet specifies for the model; temperature and humidity by tables 2 and 3."""
    period = period_s * 1000
    return {
        "co2": Channel(unit="ppm", label="CO₂", group="CO₂", range=_RANGES.get(model, (0.0, 40000.0)), resolution=1,
                       period_ms=period),
        "temperature": Channel(unit="°C", label="Temperature", group="Temperature", range=(-10.0, 60.0),
                               resolution=0.1, period_ms=period),
        "humidity": Channel(unit="%", label="Relative humidity", group="Humidity", range=(0.0, 100.0),
                            resolution=0.1, period_ms=period),
    }  # fmt: skip


def decode(data: bytes, described: dict[str, Channel]) -> Values:
    """Nine bytes: CO₂ in ppm, temperature, humidity, each with its checksum. 0 ppm is no measurement."""
    co2, t, h = [*words(data), None, None, None][:3]
    values: dict[str, Value] = {
        "co2": float(co2) if co2 else None,
        "temperature": None if t is None else celsius(t),
        "humidity": None if h is None else percent(h),
    }
    q: dict[str, Quality] = {}
    if co2 == FULL_SCALE:
        values["co2"], q["co2"] = None, "+inf"
    return marked(values, described, q)
