"""The faults every simulated instrument can be told: what becomes of its bytes. Pure."""

import random
from typing import Literal, get_args

Fault = Literal["normal", "drift", "silent", "garbage", "unplug", "plug"]
FAULTS: tuple[str, ...] = get_args(Fault)


def garble(line: bytes, end: bytes, rng: random.Random) -> bytes:
    """As many random bytes as the line has; every other time with an end of line, so that both ways to fail occur."""
    return rng.randbytes(max(1, len(line))) + (end if rng.random() < 0.5 else b"")
