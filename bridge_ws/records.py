"""What the bridge itself puts on record: notes, runs, and its audit of clients."""

import asyncio

import msgspec

from bridge_ws import ops
from broker.client import Client
from broker.messages import Audit, Note, Problem, Run, encode
from broker.runtime import Clock
from broker.topics import Topics

ENDED_RUN_EXPIRY_S = 24 * 3600
"""How long the broker still tells of a run that has ended."""


class Records:
    """Publishes the bridge's records."""

    def __init__(self, client: Client, topics: Topics, name: str, clock: Clock) -> None:
        self._client = client
        self._topics = topics
        self._name = name
        self._clock = clock

    def note(self, note: Note) -> None:
        self._put(self._topics.note(note.by), note)

    def run(self, run: Run) -> None:
        """A run that begins, or with ``end`` one that is over."""
        self._put(self._topics.run(run.run), run, retain=True, expiry_s=ENDED_RUN_EXPIRY_S if run.end else None)

    def audit(self, action: str, *, by: str, text: str = "", instrument: str = "", client: str = "") -> None:
        """Never pass a token."""
        ts = int(self._clock() * 1000)
        audit = Audit(ts=ts, action=action, by=by, text=text, instrument=instrument, client=client)
        self._put(self._topics.audit("bridge", self._name), audit)

    def command_refused(self, by: str, client: str, ask: ops.DoCommand, problem: Problem) -> None:
        text = f"{ask.name[:100]}: {problem.code}"
        self.audit("command refused", by=by, text=text, instrument=ask.instrument[:100], client=client)

    def _put(
        self, topic: str, message: msgspec.Struct, *, retain: bool = False, expiry_s: int | None = None
    ) -> "asyncio.Future[None]":
        return self._client.publish(topic, encode(message), retain=retain, expiry_s=expiry_s)
