"""How every labwire process lives: logging, signals, exit codes, waiting between tries.

The only place with a broad ``except``: a surprise ends the process with a traceback and a non-zero code, and whoever
started it (systemd, compose, a person) starts it again.
"""

import asyncio
import logging
import random
import re
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

from broker.config import ConfigError

log = logging.getLogger("broker.runtime")

EXIT_OK = 0
EXIT_SURPRISE = 1
EXIT_CONFIG = 2

Clock = Callable[[], float]
"""Seconds since the epoch, as ``time.time``."""
Sleep = Callable[[float], Awaitable[None]]


def set_up_logging(level: str = "info") -> None:
    """Log to standard error: time, level, channel, text."""
    logging.basicConfig(
        level=level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
        force=True,
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def new_boot(clock: Clock = time.time) -> str:
    """A name for this start that is unique for ever and sorts by time, e.g. ``mh8x2k3q-7f3a``."""
    return boot_name(int(clock() * 1000), secrets.token_hex(2))


def boot_name(begun_ms: int, suffix: str) -> str:
    """The name of a start at ``begun_ms``; ``suffix`` of four hexadecimal digits tells two in one millisecond apart."""
    return f"{_base36(begun_ms):0>8}-{suffix}"


def boot_ms(boot: str) -> int | None:
    """When a boot that new_boot made began, ms since the epoch; None for one of another make."""
    begun = boot.partition("-")[0]
    return int(begun, 36) if re.fullmatch(r"[0-9a-z]{8}-[0-9a-f]{4}", boot) else None


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def backoff(first: float = 1.0, most: float = 60.0, rng: Callable[[], float] = random.random) -> Iterator[float]:
    """Waits in seconds that double from ``first`` to ``most``, each shortened at random by up to a half."""
    wait = first
    while True:
        yield wait * (1 - 0.5 * rng())
        wait = min(wait * 2, most)


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run ``main(stop)`` until it returns; SIGINT and SIGTERM set ``stop``. Returns the process's exit code.

    A ConfigError is one sentence and code 2; any other exception is a traceback and code 1.
    """
    try:
        asyncio.run(_with_signals(main))
    except KeyboardInterrupt:
        return EXIT_OK
    except BaseException as error:
        mistakes = [e for e in _leaves(error) if isinstance(e, ConfigError)]
        if mistakes and len(mistakes) == len(list(_leaves(error))):
            for mistake in mistakes:
                log.error("%s", mistake)
            return EXIT_CONFIG
        log.exception("stopped by something nobody foresaw")
        return EXIT_SURPRISE
    return EXIT_OK


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions inside (nested) groups; of a plain exception, itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


async def _with_signals(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sig, stop.set)
    try:
        await main(stop)
    finally:
        for sig in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sig)
