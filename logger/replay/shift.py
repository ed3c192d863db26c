"""Recorded time moved to now, and stretched by the speed. Pure."""

import hashlib
from dataclasses import dataclass

from broker.runtime import boot_ms, boot_name


@dataclass(frozen=True, slots=True)
class Shift:
    """The record's ``from_ms`` becomes ``now_ms``; from there on time runs ``speed`` times as fast.

    ``salt`` makes the boots of each replay its own.
    """

    from_ms: int
    now_ms: int
    speed: float = 1.0
    salt: str = ""

    def us(self, t_us: int) -> int:
        return max(0, self.now_ms * 1000 + round((t_us - self.from_ms * 1000) / self.speed))

    def ms(self, t_ms: int) -> int:
        return self.us(t_ms * 1000) // 1000

    def boot(self, boot: str) -> str:
        """A boot of its own for each boot of the record, in the same order."""
        begun = boot_ms(boot)
        suffix = hashlib.sha256(f"{self.salt}/{boot}".encode()).hexdigest()[:4]
        return boot_name(0 if begun is None else self.ms(begun), suffix)
