"""What the bridge itself puts on record: notes, runs, and its audit of clients.

They are spooled before they are published and sent again until the logger has stored them (broker.records).
"""

import logging
from typing import TypeVar

from bridge_ws import ops
from broker import records
from broker.client import Client
from broker.messages import Audit, Note, Problem, Run, encode
from broker.runtime import Clock
from broker.topics import Topics

log = logging.getLogger("bridge_ws.records")

ENDED_RUN_EXPIRY_S = 24 * 3600
"""How long the broker still tells of a run that has ended."""

R = TypeVar("R", Note, Run, Audit)


class Recorder:
    """Knows where each kind of record goes."""

    def __init__(self, spooled: records.Records, client: Client, topics: Topics, name: str, clock: Clock) -> None:
        self.spooled = spooled
        self._client = client
        self._topics = topics
        self._name = name
        self._clock = clock

    def note(self, note: Note) -> Note:
        return self.spooled.publish(self._topics.note(note.by), note)

    def run(self, run: Run) -> Run:
        """A run that begins, or with ``end`` one that is over. Returns it as published."""
        expiry_s = None if run.end is None else ENDED_RUN_EXPIRY_S
        return self.spooled.publish(self._topics.run(run.run), run, retain=True, expiry_s=expiry_s)

    def remind(self, run: Run) -> None:
        """The broker forgot a run that goes on: tell it again, as the same record."""
        log.info("the broker does not know run %s any more: told again", run.run)
        self._client.publish(self._topics.run(run.run), encode(run), retain=True)

    def audit(self, action: str, *, by: str, text: str = "", instrument: str = "", client: str = "") -> None:
        """Never pass a token."""
        ts = int(self._clock() * 1000)
        audit = Audit(ts=ts, action=action, by=by, text=text, instrument=instrument, client=client)
        self.spooled.publish(self._topics.audit("bridge", self._name), audit)

    def command_refused(self, by: str, client: str, ask: ops.DoCommand, problem: Problem) -> None:
        text = f"{ask.name[:100]}: {problem.code}"
        self.audit("command refused", by=by, text=text, instrument=ask.instrument[:100], client=client)
