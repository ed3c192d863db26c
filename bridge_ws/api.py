"""What the HTTP interface does; routes.py says where."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import Request, Response

from bridge_ws import ids, ops
from bridge_ws import schemas as s
from bridge_ws.answers import ApiError, reply
from bridge_ws.desk import CommandRefused
from bridge_ws.gate import Denied, Gate
from bridge_ws.hub import Hub
from bridge_ws.past import NoHistory, Past
from bridge_ws.pending import CommandState
from bridge_ws.records import Recorder
from bridge_ws.tokens import Identity
from bridge_ws.waiting import Waiting
from broker.messages import Note, Run
from broker.runtime import Clock

HEALTH_FOR_S = 5.0
AUDIT_EVERY_S = 600.0

_STATUS = {"unknown_instrument": 404, "unknown_command": 404, "broker_down": 503, "busy": 503}


@dataclass(slots=True)
class Api:
    """The routes, over everything they need."""

    hub: Hub
    gate: Gate
    past: Past
    records: Recorder
    clock: Clock
    random80: Callable[[], int] = lambda: secrets.randbits(80)
    _health: tuple[float, str] = (-1e9, "")
    _audited: dict[tuple[str, str], float] = field(default_factory=dict)

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    # --- who asks ---

    def identity(self, request: Request, secret: str | None) -> Identity:
        """Raises ApiError (401, 429)."""
        try:
            return self.gate.enter(secret, _address(request))
        except Denied as e:
            if e.code == "bad_token":
                self.records.audit("token refused", by="", text=e.code, client=_address(request))
            raise ApiError(429 if e.code == "too_many_tries" else 401, e.code, str(e)) from e

    def operator(self, request: Request, secret: str | None) -> Identity:
        """Raises ApiError (401, 403, 429)."""
        identity = self.identity(request, secret)
        if not identity.may("operator"):
            what = f"{request.method} {request.url.path}"[:200]
            self.records.audit("request refused", by=identity.name, text=what, client=_address(request))
            raise ApiError(403, "forbidden", "this token may look, not change anything (role viewer)")
        return identity

    def audit_download(self, identity: Identity, what: str, request: Request) -> None:
        """Once in ten minutes for the same person and thing."""
        now, key = self.clock(), (identity.name, what)
        if now - self._audited.get(key, -AUDIT_EVERY_S) < AUDIT_EVERY_S:
            return
        self._audited = {k: t for k, t in self._audited.items() if now - t < AUDIT_EVERY_S} | {key: now}
        self.records.audit("read", by=identity.name, text=what, client=_address(request))

    # --- what is ---

    async def health(self) -> Response:
        at, history = self._health
        if self.clock() - at > HEALTH_FOR_S:
            try:
                await self.past.each(lambda h: None)
                history = "ok"
            except NoHistory as e:
                history = str(e)
            self._health = (self.clock(), history)
        broker = "up" if self.hub.world.broker_up else "down"
        return reply({"ok": True, "broker": broker, "history": history})

    def instruments(self) -> Response:
        world = self.hub.world
        return reply([_instrument(world.describe(k), world.link(k)) for k in world.instruments.values()])

    def channels(self, instrument: str) -> list[str]:
        """The numeric channels known now."""
        return [name for name, info in self.hub.world.registry.of(instrument).items() if info.type != "str"]

    # --- what is done ---

    async def command(self, identity: Identity, request: Request, ask: ops.DoCommand, wait: bool) -> Response:
        waiting = Waiting()
        try:
            pending = self.hub.desk.send(waiting, identity.name, ask)
        except CommandRefused as e:
            self.records.command_refused(identity.name, _address(request), ask, e.problem)
            raise ApiError(_STATUS.get(e.problem.code, 409), e.problem.code, e.problem.message) from e
        if not wait:
            return reply({"id": pending.id}, 202)
        await waiting.over.wait()
        return reply(_outcome(pending.id, waiting.state))

    def command_state(self, id_: str) -> Response:
        pending = self.hub.desk.commands.get(id_)
        if pending is None:
            raise ApiError(404, "unknown_command", f"no command {id_!r} of the last minutes went through this bridge")
        return reply(_outcome(pending.id, pending.state))

    def note(self, identity: Identity, body: s.NoteBody) -> Response:
        note = Note(ts=self.now_ms(), text=body.text, by=identity.name, instruments=body.instruments, run=body.run)
        self.records.note(note)
        return reply({"ts": note.ts}, 201)

    def start_run(self, identity: Identity, body: s.RunBody) -> Response:
        now = self.now_ms()
        id_ = ids.run_id(body.name, now, self.random80())
        run = Run(
            run=id_, name=body.name, start=now, by=identity.name, sample=body.sample, instruments=body.instruments
        )
        self.hub.world.run(id_, self.records.run(run))  # it can be stopped before the broker has told us of it
        return reply({"run": id_}, 201)

    def stop_run(self, id_: str) -> Response:
        run = self.hub.world.runs.get(id_)
        if run is None:
            raise ApiError(404, "unknown_run", f"there is no run {id_!r}")
        if run.end is not None:
            raise ApiError(409, "run_ended", f"run {id_!r} has ended already")
        ended = msgspec.structs.replace(run, end=max(self.now_ms(), run.start), boot=None, eseq=None)
        self.hub.world.run(id_, self.records.run(ended))
        return reply({"run": id_})


def _address(request: Request) -> str:
    return request.client.host if request.client else "-"


def _instrument(describe: ops.Describe, link: ops.Link) -> dict[str, Any]:
    return {
        "instrument": describe.instrument,
        "meta": describe.meta,
        "status": describe.status,
        "state": link.state,
        "reason": link.reason,
        "age_ms": link.age_ms,
        "calibration": describe.calibration,
    }


def _outcome(id_: str, state: CommandState | None) -> dict[str, Any]:
    """How a command stands; ``sent`` also before the broker has confirmed that."""
    if state is None:
        return {"id": id_, "state": "sent"}
    body: dict[str, Any] = msgspec.to_builtins(state)
    del body["op"]
    return body | {"id": id_}
