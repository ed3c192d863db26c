"""A simulated analytical balance, 220 g × 0.1 mg, that speaks MT-SICS (see ``edge.instruments.mt_sics``).

Somebody weighs on it: every half minute another load is put on the pan, to which the reading settles. ``load 50`` puts
50 g there and ends the visits; ``drift`` lets the zero creep by 0.5 mg/s, as on a pan in a draught.
"""

import random

from edge.simulators.device import Device, Ramp

CAPACITY_G = 220.009
NOISE_G = 0.00012
SETTLE_S = 0.45
STILL_S = 1.0
STILL_G = 0.0006
STABLE_TIMEOUT_S = 10.0
DRIFT_G_S = 0.0005
VISIT_S = (18.0, 45.0)
LOADS_G = (0.0, 0.0, 5.0, 10.0, 18.2716, 20.0, 50.0, 52.8431, 100.0, 121.4375)


class BalanceDevice(Device):
    """The balance; ``serial_number`` is what I4 answers."""

    def __init__(self, rng: random.Random, serial_number: str = "B021002593") -> None:
        super().__init__()
        self._rng = rng
        self._serial = serial_number
        self._pan = Ramp(0.0, SETTLE_S)
        self._zero = self._tare = self._creep = 0.0
        self._at: float | None = None
        self._still_since = 0.0
        self._next_visit: float | None = None
        self._visited = True
        self._waiting: tuple[bytes, float] | None = None

    def tell(self, word: str, argument: str) -> bool:
        if word != "load":
            return False
        self._put(float(argument))
        self._visited = False
        return True

    def answer(self, line: bytes, now: float) -> list[bytes]:
        self._advance(now)
        if self._waiting is not None and line != b"@":
            return [(b"S" if line == b"SI" else line.split(b" ")[0]) + b" I"]
        match line:
            case b"@":
                self._waiting = None
                return [b'I4 A "%s"' % self._serial.encode()]
            case b"I4":
                return [b'I4 A "%s"' % self._serial.encode()]
            case b"I2":
                return [b'I2 A "MS204TS 220.0090 g"']
            case b"SI":
                return [b"S " + self._weight(now)]
            case b"S" | b"T" | b"Z":
                return self._when_stable(line, now)
            case b"TAC":
                self._tare = 0.0
                return [b"TAC A"]
            case b"DW":
                return [b"DW A"]
        return [b"D A"] if line.startswith(b'D "') and line.endswith(b'"') else [b"ES"]

    def tick(self, now: float) -> list[bytes]:
        self._advance(now)
        if self._waiting is None:
            return []
        command, since = self._waiting
        return self._when_stable(command, since, now)

    def _when_stable(self, command: bytes, since: float, now: float | None = None) -> list[bytes]:
        """The answer to S, T or Z once the reading is still, ``I`` after the time limit, nothing before."""
        now = since if now is None else now
        self._waiting = None
        if (limit := self._limit()) is not None:
            return [command + b" " + limit]
        if self._stable(now):
            return [command + b" " + self._act(command, now)]
        if now - since > STABLE_TIMEOUT_S:
            return [command + b" I"]
        self._waiting = (command, since)
        return []

    def _act(self, command: bytes, now: float) -> bytes:
        if command == b"Z":
            self._zero, self._tare = self._gross(), 0.0
            return b"A"
        if command == b"T":
            self._tare = self._gross() - self._zero
            return b"S %10.4f g" % self._tare
        return self._weight(now)

    def _weight(self, now: float) -> bytes:
        if (limit := self._limit()) is not None:
            return limit
        net = self._gross() - self._zero - self._tare + self._rng.gauss(0, NOISE_G)
        return b"%s %10.4f g" % (b"S" if self._stable(now) else b"D", net)

    def _limit(self) -> bytes | None:
        gross = self._gross()
        return b"+" if gross > CAPACITY_G else b"-" if gross < -2.0 else None

    def _stable(self, now: float) -> bool:
        return now - self._still_since > STILL_S

    def _gross(self) -> float:
        return self._pan.value + self._creep

    def _put(self, grams: float) -> None:
        self._pan.target = grams

    def _advance(self, now: float) -> None:
        if self._at is not None and self.drifting:
            self._creep += DRIFT_G_S * (now - self._at)
        self._at = now
        if self._next_visit is None:
            self._next_visit = now + 3.0
        if self._visited and now >= self._next_visit:
            self._put(self._rng.choice(LOADS_G))
            self._next_visit = now + self._rng.uniform(*VISIT_S)
        if abs(self._pan.target - self._pan.at(now)) > STILL_G:
            self._still_since = now
