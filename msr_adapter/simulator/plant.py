"""A small malting plant in first order: every value runs towards its target with its own time constant.

Steeping wets the barley, germination keeps it cool and moist, the kiln dries it with hot air. Time runs fast: a batch
dries in minutes, so that a set point changed in the page shows at once.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from msr_adapter.simulator.sources import History

STEP_S = 0.01
_AMBIENT = 18.0
_DOOR_EVERY_S, _DOOR_FOR_S = 180.0, 6.0
_HYSTERESIS = 2.0


@dataclass(frozen=True, slots=True)
class Knobs:
    """The plant's parameters, read at each step."""

    water: Callable[[], float]
    bed: Callable[[], float]
    germination_fan: Callable[[], float]
    heater: Callable[[], float]
    kiln_fan: Callable[[], float]
    limit: Callable[[], float]


class Plant:
    """Call ``step`` once per cycle of the 100 Hz task, ``slow`` once per cycle of the 1 Hz task."""

    def __init__(self, knobs: Knobs, rng: random.Random) -> None:
        self._knobs, self._rng = knobs, rng
        self.fast = {name: History(code) for name, code in FAST.items()}
        self.slowly = {name: History(code) for name, code in SLOW.items()}
        self.door: bool | None = None  # None: it opens by itself now and then
        self.too_hot = False
        self._time = 0.0
        self._water, self._level, self._steep_moisture = 16.0, 60.0, 12.0
        self._bed, self._germination_flow, self._germination_humidity = 19.0, 0.0, 80.0
        self.kiln_flow, self._air_on, self._air_off, self._power = 0.0, _AMBIENT, _AMBIENT, 0.0
        self._moisture, self._batch = 44.0, 1

    @property
    def door_open(self) -> bool:
        if self.door is not None:
            return self.door
        return self._time % _DOOR_EVERY_S > _DOOR_EVERY_S - _DOOR_FOR_S

    def step(self) -> None:
        """10 ms later."""
        self._time += STEP_S
        self._steep()
        self._germinate()
        self._dry()
        self._put()

    def slow(self) -> None:
        """The slow values, as they are now."""
        values = {"Steeping/WaterLevel": self._level, "Steeping/Moisture": self._steep_moisture}
        values |= {"Kiln/MaltMoisture": self._moisture}
        for name, value in values.items():
            self.slowly[name].put(self._noisy(value, 0.01))
        self.slowly["Kiln/Batch"].put(self._batch)

    def _steep(self) -> None:
        self._water = _towards(self._water, self._knobs.water(), 20)
        wet = self._time % 240 < 160
        self._level = _towards(self._level, 80.0 if wet else 5.0, 6)
        self._steep_moisture = _towards(self._steep_moisture, 45.0 if wet else 40.0, 90)

    def _germinate(self) -> None:
        fan = self._knobs.germination_fan()
        self._germination_flow = _towards(self._germination_flow, 60 * fan, 2)
        cooling = self._germination_flow / (self._germination_flow + 1500)
        self._bed = _towards(self._bed, self._knobs.bed() * cooling + 27.0 * (1 - cooling), 30)
        self._germination_humidity = _towards(self._germination_humidity, 98.0 - 0.2 * fan, 12)

    def _dry(self) -> None:
        fan, target = self._knobs.kiln_fan(), self._knobs.heater()
        self.kiln_flow = _towards(self.kiln_flow, 80 * fan * (1.3 if self.door_open else 1.0), 1.5)
        if self.door_open:
            target = _AMBIENT + 0.6 * (target - _AMBIENT)
        starved = max(0.0, 1.0 - self.kiln_flow / 1000)  # no air: the heater overshoots
        self._air_on = _towards(self._air_on, target + 40 * starved, 6)
        self._power = max(0.0, 0.34 * self.kiln_flow * (self._air_on - _AMBIENT) / 1000)
        drying = self.kiln_flow * max(0.0, self._air_on - 25) * self._moisture * 5e-8
        self._moisture = max(3.0, self._moisture - drying * STEP_S)
        self._air_off = _towards(self._air_off, self._air_on - 0.6 * self._moisture, 15)
        if self._moisture < 4.0:
            self._moisture, self._batch = 44.0, self._batch + 1
        limit = self._knobs.limit()
        self.too_hot = self._air_on > (limit - _HYSTERESIS if self.too_hot else limit)

    def _put(self) -> None:
        bed = [self._air_on + (self._air_off - self._air_on) * k / 4 for k in range(5)]
        humidity = min(99.0, 15 + 1.9 * self._moisture)
        values = {
            "Steeping/WaterTemperature": self._water,
            "Germination/BedTemperature": self._bed,
            "Germination/Humidity": self._germination_humidity,
            "Germination/AirFlow": self._germination_flow,
            "Kiln/AirOnTemperature": self._air_on,
            "Kiln/AirOffTemperature": self._air_off,
            "Kiln/Humidity": humidity,
            "Kiln/AirFlow": self.kiln_flow,
            "Kiln/HeaterPower": self._power,
        }
        for name, value in values.items():
            self.fast[name].put(self._noisy(value, 0.02))
        self.fast["Kiln/BedTemperatures"].put(*(self._noisy(value, 0.02) for value in bed))
        self.fast["Kiln/Door"].put(self.door_open)

    def _noisy(self, value: float, width: float) -> float:
        return round(value + self._rng.uniform(-width, width), 3)


def _towards(value: float, target: float, time_constant_s: float) -> float:
    return value + (target - value) * STEP_S / time_constant_s


FAST = {
    "Steeping/WaterTemperature": "d",
    "Germination/BedTemperature": "d",
    "Germination/Humidity": "d",
    "Germination/AirFlow": "d",
    "Kiln/AirOnTemperature": "d",
    "Kiln/AirOffTemperature": "d",
    "Kiln/BedTemperatures": "5d",
    "Kiln/Humidity": "d",
    "Kiln/AirFlow": "d",
    "Kiln/HeaterPower": "d",
    "Kiln/Door": "b",
}
SLOW = {"Steeping/WaterLevel": "d", "Steeping/Moisture": "d", "Kiln/MaltMoisture": "d", "Kiln/Batch": "I"}
