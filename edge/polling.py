"""Asking instruments again and again: on time, in turn, patient with a missed answer, impatient with the third."""

import heapq
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Never

from broker.runtime import Sleep
from edge.driver import Monotonic, Publish, Sample, Trouble
from edge.links.base import BadAnswerError, LinkError, NoAnswerError

TRIES = 3


@dataclass(frozen=True, slots=True)
class Poll:
    """One question: how often, and the exchange that asks it and reads the answer."""

    every_s: float
    ask: Callable[[], Awaitable[Sample]]


async def poll_forever(
    polls: Sequence[Poll],
    settle: Callable[[], Awaitable[None]],
    publish: Publish,
    *,
    sleep: Sleep,
    monotonic: Monotonic,
    tries: int = TRIES,
) -> Never:
    """Ask each poll at its own period, one after the other.

    A missing or bad answer is a Trouble, the line is left to ``settle``, and the poll comes again at its next time;
    ``tries`` in a row raise LinkError. Times that passed while the line was busy are skipped, never caught up.
    """
    start = monotonic()
    due = [(start, k) for k in range(len(polls))]
    failed = 0
    while True:
        when, k = due[0]
        await sleep(max(0.0, when - monotonic()))
        error = await _one(polls[k], publish)
        failed = failed + 1 if error else 0
        if error:
            if failed >= tries:
                raise LinkError(f"{error} ({failed} times in a row)") from error
            publish(Trouble(str(error)))
            await settle()
        heapq.heapreplace(due, (next_time(when, polls[k].every_s, monotonic()), k))


async def _one(poll: Poll, publish: Publish) -> LinkError | None:
    try:
        publish(await poll.ask())
    except (NoAnswerError, BadAnswerError) as e:
        return e
    return None


def next_time(when: float, every: float, now: float) -> float:
    """The first of when + every, when + 2·every, … that is not past."""
    return when + every * (max(0, int((now - when) // every)) + 1)
