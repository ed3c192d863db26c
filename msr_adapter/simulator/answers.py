"""The server's answer to each command, all spellings (protocol section 4)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msr_adapter.simulator import render, writing
from msr_adapter.simulator.model import Parameter, Signal
from msr_adapter.simulator.office import Identity
from msr_adapter.wire.commands import Command

if TYPE_CHECKING:
    from msr_adapter.simulator.session import Session

_AIC_NS = 200_000_000


def _ping(session: "Session", command: Command) -> None:
    session.say(render.element(b"ping", [], command.id))


def _starttls(session: "Session", command: Command) -> None:
    session.say(render.element(b"tls", []))
    session.starttls, session.tls_id = True, command.id


def _remote_host(session: "Session", command: Command) -> None:
    session.who.name = command.text(b"name") or b""
    session.who.application = command.text(b"applicationname") or b""
    if command.text(b"access") is not None:
        session.who.write = command.text(b"access") == b"allow" or command.truth(b"access")
    session.who.polite = command.truth(b"polite")
    if session.who.polite:
        session.hush()


def _read_channels(session: "Session", command: Command) -> None:
    model, short = session.world.model, command.truth(b"short")
    key = _key(command)
    if key is None:
        items = [render.channel(model, s, now=None, short=short) for s in model.signals]
        session.say(render.container(b"channels", items, command.id))
    elif signal := model.signal(key):
        now = session.world.value(signal)
        session.say(render.channel(model, signal, now=now, short=short, ident=command.id))


def _read_parameters(session: "Session", command: Command) -> None:
    model, short, in_hex = session.world.model, command.truth(b"short"), command.truth(b"hex")
    key = _key(command)
    if key is None:
        items = [render.parameter(model, p, in_hex=in_hex, short=short) for p in model.parameters]
        session.say(render.container(b"parameters", items, command.id))
    elif p := model.parameter(key):
        session.say(render.parameter(model, p, in_hex=in_hex, short=short, ident=command.id))


def _read_values(session: "Session", command: Command) -> None:
    model = session.world.model
    text = b";".join(render.value(p.layout, model.image(p)) for p in model.parameters)
    session.say(render.element(b"param_values", [(b"value", text)], command.id))


def _list(session: "Session", command: Command) -> None:
    path = command.text(b"path")
    if path is not None:
        children = session.world.model.children(path) or []
        session.say(render.container(b"listing", [_item(session, name) for name in children], command.id))


def _item(session: "Session", name: bytes) -> bytes:
    found: Signal | Parameter | None = session.world.model.signal(name)
    if isinstance(found, Signal):
        return render.channel(session.world.model, found, now=None, short=False)
    found = session.world.model.parameter(name)
    return render.parameter(session.world.model, found, in_hex=False, short=False) if found else render.directory(name)


def _write(session: "Session", command: Command) -> None:
    if not session.who.write:
        session.say(render.element(b"warn", [(b"text", b"No write access")], command.id))
        return
    key, model = _key(command), session.world.model
    parameter = None if key is None else model.parameter(key)
    start = command.unsigned(b"startindex") or 0
    if parameter is None or start >= parameter.layout.count:
        return
    value, hexvalue = command.text(b"value"), command.text(b"hexvalue")
    if value is None and hexvalue is None:
        return
    image = writing.image_of_hex(parameter, hexvalue) if hexvalue else writing.image_of_text(parameter, value or b"")
    _put(session, parameter, start, image, session.world.now_ns() + (_AIC_NS if command.truth(b"aic") else 0))


def _put(session: "Session", parameter: Parameter, start: int, image: bytes | None, due_ns: int) -> None:
    if image is None or session.world.refusing or not writing.accepts(parameter, image):
        session.notice(parameter.index, due_ns)
        return
    writing.put(session.world.model, parameter, start, image)
    parameter.mtime_ns = session.world.now_ns()
    session.world.written(parameter)
    session.office.notice(parameter.index, due_ns)


def _subscribe(session: "Session", command: Command) -> None:
    for warning in session.subscriptions.add(command):
        pairs = [(b"command", b"xsad"), (b"text", warning)]
        session.say(render.element(b"warn", pairs, command.id))


def _unsubscribe(session: "Session", command: Command) -> None:
    session.subscriptions.remove(command)


def _statistics(session: "Session", command: Command) -> None:
    session.say(render.container(b"clients", [_client(s.who) for s in session.office.sessions], command.id))


def _message_history(session: "Session", command: Command) -> None:
    for m in session.world.history:
        session.say(render.message(m.severity, m.name, m.element, m.state, m.time_ns, command.id))


def _broadcast(session: "Session", command: Command) -> None:
    pairs = [(b"time", render.seconds(session.world.now_ns()))]
    pairs += [(k, render.escaped(v)) for k in (b"action", b"text") if (v := command.text(k)) is not None]
    session.office.broadcast(render.element(b"broadcast", pairs))


def _echo(session: "Session", command: Command) -> None:
    """No effect."""


ANSWERS: dict[bytes, Callable[["Session", Command], None]] = {
    b"ping": _ping,
    b"remote_host": _remote_host,
    b"rk": _read_channels,
    b"rc": _read_channels,
    b"read_kanaele": _read_channels,
    b"rp": _read_parameters,
    b"read_parameter": _read_parameters,
    b"rpv": _read_values,
    b"read_param_values": _read_values,
    b"wp": _write,
    b"write_parameter": _write,
    b"list": _list,
    b"xsad": _subscribe,
    b"xsod": _unsubscribe,
    b"rs": _statistics,
    b"read_statistics": _statistics,
    b"read_statics": _statistics,
    b"message_history": _message_history,
    b"broadcast": _broadcast,
    b"echo": _echo,
    b"starttls": _starttls,
}


def _key(command: Command) -> int | bytes | None:
    """What a command names; None: everything."""
    name = command.text(b"name")
    return name if name is not None else command.unsigned(b"index")


def _client(who: Identity) -> bytes:
    peer = who.peer.encode()
    name = render.escaped(who.name) + b" (" + peer + b")" if who.name else peer
    pairs = [(b"name", name), (b"apname", render.escaped(who.application) or b"unknown"), (b"countin", b"0")]
    pairs += [(b"countout", b"0"), (b"connectedtime", render.seconds(who.connected_ns))]
    return render.element(b"client", pairs)
