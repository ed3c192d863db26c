"""Lines into the database: tries until they are there, and sets aside what it will never take.

No answer, 429 and 5xx: the same again, later. A refusal (400, 422): what was right of the request is in the database
already or goes again (the same points, so nothing doubles), and only the offending fields or lines are set aside.
401, 403, 404: the configuration is wrong, which a person mends.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Protocol

from broker.config import ConfigError
from broker.runtime import Clock, backoff
from logger.influx import refusals
from logger.influx.aside import Aside
from logger.influx.config import InfluxConfig
from logger.influx.refusals import Conflict
from logger.influx.server import Answer, Unreachable

log = logging.getLogger("logger.influx")

FIRST_S, MOST_S = 0.5, 30.0
SLOWLY_S = 60.0
"""Until a mistaken configuration is tried again."""
REMEMBER_S = 600.0
"""A refused field is taken out of later requests for so long, then offered again: a new shard may take it."""


class Stopped(Exception):
    """The process is to end; what was not written is written the next time."""


class Poster(Protocol):
    def write(self, body: bytes) -> Answer: ...


Wait = Callable[[float], bool]
"""Waits so many seconds; true when the process is to end."""


@dataclass(slots=True)
class Figures:
    """Since the start. ``problem``: why nothing can be written now, "" when it can; ``refused``: the last refusal."""

    written: int = 0
    set_aside: int = 0
    too_old: int = 0
    requests: int = 0
    retries: int = 0
    problem: str = ""
    refused: str = ""
    complaints: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(instrument, reason) → values set aside that nobody has been told of."""


class Writer:
    """Not for several threads, except that ``figures`` may be read."""

    def __init__(self, config: InfluxConfig, server: Poster, aside: Aside, wait: Wait, clock: Clock) -> None:
        self._config = config
        self._server = server
        self._aside = aside
        self._wait = wait
        self._clock = clock
        self._refused: dict[Conflict, tuple[float, str]] = {}
        self.figures = Figures()

    def write(self, lines: Sequence[bytes]) -> None:
        """When this returns every line is in the database or set aside. Raises Stopped."""
        waiting = [self._without_refused(lines)]
        while waiting:
            part = waiting.pop()
            if part:
                waiting += self._settle(part, self._answered(part))

    def _settle(self, part: list[bytes], answer: Answer) -> list[list[bytes]]:
        """What of ``part`` is still to be written."""
        message = answer.message
        if answer.ok:
            self.figures.written += len(part)
            return []
        if (old := refusals.too_old(message)) is not None and answer.status in (400, 422):
            self.figures.too_old += old
            self.figures.written += len(part) - old
            return []
        if (conflict := refusals.conflict(message)) is not None:
            self._refused[conflict] = (self._clock(), message)
            rest = self._take_out(part, conflict, message)
            if rest != part:
                return [rest]
        if len(part) > 1:
            return [part[len(part) // 2 :], part[: len(part) // 2]]
        self._set_aside(part, message or f"HTTP {answer.status}")
        return []

    # --- refusals ------------------------------------------------------------------------------------------------

    def _without_refused(self, lines: Sequence[bytes]) -> list[bytes]:
        now, kept = self._clock(), list(lines)
        for conflict, (since, message) in list(self._refused.items()):
            if now - since > REMEMBER_S:
                del self._refused[conflict]
            else:
                kept = self._take_out(kept, conflict, message)
        return kept

    def _take_out(self, lines: list[bytes], conflict: Conflict, message: str) -> list[bytes]:
        out: list[bytes] = []
        kept = refusals.without(lines, conflict, out.append)
        if out:
            self._set_aside(out, message)
        return kept

    def _set_aside(self, lines: Sequence[bytes], reason: str) -> None:
        self._aside.put(lines, reason, self._clock())
        self.figures.set_aside += len(lines)
        self.figures.refused = reason
        for line in lines:
            self.figures.complaints[refusals.instrument_of(line), reason] += 1

    # --- trying --------------------------------------------------------------------------------------------------

    def _answered(self, part: Sequence[bytes]) -> Answer:
        """The answer that says what became of ``part``: written, refused, or too large."""
        body, waits = b"\n".join(part), backoff(FIRST_S, MOST_S)
        while True:
            self.figures.requests += 1
            try:
                answer = self._server.write(body)
            except Unreachable as e:
                self._trouble(str(e), next(waits))
            except ConfigError as e:
                self._trouble(str(e), SLOWLY_S)
            else:
                if answer.ok or answer.status in (400, 413, 422):
                    self._well()
                    return answer
                self._trouble(*self._not_now(answer, next(waits)))

    def _not_now(self, answer: Answer, wait: float) -> tuple[str, float]:
        """Why not, and how long to wait."""
        said = f"{self._config.url} says {answer.status} {answer.message}".rstrip()
        if answer.status == 401:
            return f"{said}: {self._config.token_key} is not accepted; name a token of this server", SLOWLY_S
        if answer.status == 403:
            remedy = f"give it the right to write the bucket {self._config.bucket!r}"
            return f"{said}: {self._config.token_key} may not do this; {remedy}", SLOWLY_S
        if answer.status == 404:
            keys = f"influx.org is {self._config.org!r}, influx.bucket {self._config.bucket!r}"
            return f"{said}: {keys}; mend them, or make the bucket with 'labwire logger init-influx'", SLOWLY_S
        return said, max(wait, retry_after_s(answer.retry_after, self._clock()))

    def _trouble(self, problem: str, wait_s: float) -> None:
        if problem != self.figures.problem:
            log.error("%s; what is to be written waits in the store", problem)
        self.figures.problem = problem
        self.figures.retries += 1
        if self._wait(wait_s):
            raise Stopped

    def _well(self) -> None:
        if self.figures.problem:
            log.warning("%s takes data again", self._config.url)
        self.figures.problem = ""


def retry_after_s(header: str, now: float) -> float:
    """Seconds from the header Retry-After, a number or a date; 0 without one, at most an hour."""
    if header.strip().isdigit():
        return min(3600.0, float(header))
    try:
        return min(3600.0, max(0.0, parsedate_to_datetime(header).timestamp() - now))
    except (ValueError, TypeError):
        return 0.0
