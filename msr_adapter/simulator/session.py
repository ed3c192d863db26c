"""One client's session without its socket: commands in, bytes out."""

from msr_adapter.simulator import render
from msr_adapter.simulator.answers import ANSWERS
from msr_adapter.simulator.office import Identity, Office
from msr_adapter.simulator.subscriptions import Subscriptions
from msr_adapter.simulator.world import Message, World
from msr_adapter.wire.commands import Command, CommandReader

_PARSER = 8192
FEATURES = b"pushparameters,binparameters,eventchannels,statistics,pmtime,aic,messages,polite,list,tls"


class Session:
    """``receive`` what the client sent, ``tick`` for what is due, ``take`` what must go out.

    ``starttls`` is True once the client asked for it: ``take``, then shake hands, then ``secured``.
    """

    def __init__(self, world: World, office: Office, number: int, peer: str, *, locked: bool = False) -> None:
        self.world, self.number, self.starttls = world, number, False
        self.who = Identity(peer, world.now_ns())
        self.office, self._locked = office, locked
        largest = max((p.layout.size for p in world.model.parameters), default=0)
        self._reader = CommandReader(max(_PARSER, 1024 + 4 * largest))
        self.subscriptions = Subscriptions(world)
        self._out: list[bytes] = []
        self._notices: dict[int, int] = {}
        self._heard: list[bytes] = []
        self.tls_id = b""
        office.sessions.append(self)

    def close(self) -> None:
        self.office.sessions.remove(self)

    def greet(self, app: bytes, host: bytes) -> None:
        pairs = [(b"name", b"MSR"), (b"host", host), (b"app", app), (b"appversion", b"1.0.0"), (b"version", b"393226")]
        pairs += [(b"features", FEATURES), (b"recievebufsize", b"100000000")]
        self._out.append(render.element(b"connected", pairs + ([(b"login", b"mandatory")] if self._locked else [])))

    def receive(self, data: bytes) -> None:
        """Work off the commands that ``data`` completes, in order. Raises TooLong."""
        for command in self._reader.feed(data):
            self._do(command)
            if not self.starttls:
                self._out.append(render.ack(command.id))

    def secured(self) -> None:
        """TLS stands: the ack comes inside it."""
        self.starttls = False
        self._out.append(render.ack(self.tls_id))

    def tick(self, messages: list[Message], *, skip: bool) -> list[bytes]:
        """Notices, broadcasts, frames, messages, in this order; the frames. ``skip``: these samples are lost."""
        due = [i for i, at in self._notices.items() if at <= self.world.now_ns()]
        for index in due:
            del self._notices[index]
        self._out += [render.element(b"pu", [(b"index", b"%d" % index)]) for index in due]
        self._out += self._heard
        self._heard.clear()
        frames = self.subscriptions.sample(skip=skip)
        self._out += frames
        self._out += [render.message(m.severity, m.name, m.element, m.state, m.time_ns) for m in messages]
        return frames

    def say(self, element: bytes) -> None:
        """An element of a direct answer."""
        self._out.append(element)

    def take(self) -> bytes:
        """What must go out now."""
        out, self._out = b"".join(self._out), []
        return out

    def hush(self) -> None:
        """Drop what a polite session does not want to hear."""
        self._notices.clear()
        self._heard.clear()

    def notice(self, index: int, due_ns: int) -> None:
        if not self.who.polite:
            self._notices[index] = min(due_ns, self._notices.get(index, due_ns))

    def hear(self, element: bytes) -> None:
        if not self.who.polite:
            self._heard.append(element)

    def _do(self, command: Command) -> None:
        if self._locked and command.name not in (b"ping", b"starttls"):
            return
        answer = ANSWERS.get(command.name)
        if answer:
            answer(self, command)
        else:
            pairs = [(b"num", b"1000"), (b"text", b"unknown command"), (b"command", render.escaped(command.name))]
            self.say(render.element(b"warn", pairs, command.id))
