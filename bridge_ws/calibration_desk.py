"""Calibration runs as the broker tells of them, what is due, and the commands of operators to a run."""

import asyncio
import logging
import secrets
from collections.abc import Callable

import msgspec

from bridge_ws import ids, ops
from bridge_ws.desk import CommandRefused
from broker.client import Client, MqttError
from broker.messages import CalibrationRun, Command, Due, Value, encode
from broker.runtime import Clock
from broker.topics import Kind, Topic, TopicError, Topics, check_name

log = logging.getLogger("bridge_ws.calibration_desk")

MOST_RUNS = 200
TTL_MS = 10_000
STARTS = "start"


class CalibrationDesk:
    """Keeps the retained states, and hands commands in. Who may is asked before."""

    def __init__(
        self,
        client: Client,
        topics: Topics,
        *,
        clock: Clock,
        random80: Callable[[], int] = lambda: secrets.randbits(80),
    ) -> None:
        self.runs: dict[str, CalibrationRun] = {}
        self.due: dict[str, Due] = {}
        self._client = client
        self._topics = topics
        self._clock = clock
        self._random80 = random80

    def hear(self, topic: Topic, content: msgspec.Struct | None) -> str | None:
        """Take in one message; the op that tells pages of it."""
        match topic.kind:
            case Kind.CAL_STATE:
                return self._state(topic.name, content)
            case Kind.CAL_EVENT if content is not None:
                return ops.tagged("calibration_event", content, run=topic.name)
            case Kind.CAL_DUE:
                return self._due(topic.name, content)
        return None

    def _state(self, run: str, content: msgspec.Struct | None) -> str | None:
        if not isinstance(content, CalibrationRun):
            return ops.text(ops.CalibrationGone(run)) if self.runs.pop(run, None) else None
        if run not in self.runs and len(self.runs) >= MOST_RUNS:
            return None
        self.runs[run] = content
        return _run_text(content)

    def _due(self, name: str, content: msgspec.Struct | None) -> str:
        if isinstance(content, Due):
            self.due[name] = content
        else:
            self.due.pop(name, None)
        return self.due_text()

    def due_text(self) -> str:
        """The lines of all services that keep a register, the most urgent first."""
        lines = [line for due in self.due.values() for line in due.lines]
        return ops.text(ops.CalibrationDue(sorted(lines, key=lambda line: (line.due is None, line.due or 0))))

    def texts(self) -> list[str]:
        """What a page that has just come hears."""
        return [*(_run_text(run) for run in self.runs.values()), *([self.due_text()] if self.due else [])]

    # --- commands ---

    def send(self, by: str, run: str, name: str, args: dict[str, Value]) -> str:
        """Hand a command to whoever hosts the run; its id, which the answering event names. Raises CommandRefused."""
        try:
            check_name(run, "run")
        except TopicError as e:
            raise CommandRefused("unknown_run", str(e)) from e
        if name != STARTS and run not in self.runs:
            raise CommandRefused("unknown_run", f"there is no calibration run {run!r}")
        if not self._client.connected:
            raise CommandRefused("broker_down", f"not sent: {self._client.problem or 'no connection to the broker'}")
        now = self._clock() * 1000
        id_ = ids.ulid(int(now), self._random80())
        command = Command(id=id_, name=name, ts=int(now), ttl_ms=TTL_MS, args=args, by=by, via="bridge")
        sent = self._client.publish(self._topics.cal_cmd(run), encode(command), expiry_s=TTL_MS // 1000)
        sent.add_done_callback(_log_failure)
        log.info("%s to calibration %s: %s as %s", by, run, name, id_)
        return id_

    def start(self, by: str, args: dict[str, Value]) -> str:
        """Ask the calibration service for a new run; its name."""
        run = ids.run_id(str(args.get("item", "run")), int(self._clock() * 1000), self._random80())
        self.send(by, run, STARTS, args)
        return run


def _run_text(run: CalibrationRun) -> str:
    return ops.tagged("calibration_run", run)


def _log_failure(sent: "asyncio.Future[None]") -> None:
    """Nobody answers a command that never arrived; the page tells so after its time."""
    if not sent.cancelled() and isinstance(e := sent.exception(), MqttError):
        log.warning("a command to a calibration run was not taken by the broker: %s", e)
