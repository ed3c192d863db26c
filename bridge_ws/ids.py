"""Identifiers the bridge makes: of commands and of runs. Time and randomness are handed in."""

import re

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now_ms: int, random80: int) -> str:
    """26 characters that sort by time: 48 bits of ``now_ms``, 80 random bits (https://github.com/ulid/spec)."""
    number = (now_ms & (2**48 - 1)) << 80 | (random80 & (2**80 - 1))
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def slug(name: str) -> str:
    """``name`` as it may stand in a topic, at most 40 characters; "run" when nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "run"


def run_id(name: str, now_ms: int, random80: int) -> str:
    """A run's name in its topic: readable, sortable among its namesakes, unique."""
    return f"{slug(name)}-{ulid(now_ms, random80)[:16].lower()}"
