"""What a configuration means, in words a person can compare with the instrument's manual. Pure."""

from collections.abc import Iterator

from broker.messages import Argument, Channel, CommandSpec
from edge.config import EdgeConfig, Prepared


def explain(config: EdgeConfig) -> str:
    """Several lines: the edge, its broker, each instrument with channels and commands."""
    e, b = config.edge, config.broker
    stored = f"stored by logger {e.stored_by!r}" if e.store == "required" else "nobody stores"
    lines = [f"edge {e.name!r}: data in {e.data_dir}, {stored}; broker {b.host}:{b.port} as {b.user or 'anonymous'}"]
    for instrument in config.instruments:
        lines += _instrument(instrument)
    return "\n".join(lines)


def _instrument(instrument: Prepared) -> Iterator[str]:
    meta = instrument.meta
    what = " ".join(filter(None, [meta.vendor, meta.model, meta.serial]))
    simulated = ", simulated" if meta.simulated else ""
    yield ""
    yield f"instrument {instrument.name!r}: {meta.name}{f' ({what})' if what else ''}{simulated}"
    yield f"  at {instrument.address}, stale after {meta.stale_ms / 1000:g} s"
    if instrument.correct:
        which = "every channel that has one" if instrument.correct is True else ", ".join(instrument.correct)
        yield f"  calibrations in force are applied to {which}"
    yield from (f"  channel {name}: {_channel(c)}" for name, c in meta.channels.items())
    yield from (f"  command {name}: {_command(c)}" for name, c in meta.commands.items())


def _channel(channel: Channel) -> str:
    parts = [channel.type + (f" in {channel.unit}" if channel.unit else "")]
    if channel.label:
        parts.append(f"shown as {channel.label!r}" + (f" in group {channel.group!r}" if channel.group else ""))
    if channel.range:
        parts.append(f"from {channel.range[0]:g} to {channel.range[1]:g}")
    if channel.resolution:
        parts.append(f"resolution {channel.resolution:g}")
    if channel.period_ms:
        parts.append(f"every {channel.period_ms:g} ms")
    return ", ".join(parts)


def _command(command: CommandSpec) -> str:
    args = ", ".join(f"{name}: {_argument(a)}" for name, a in command.args.items()) or "no arguments"
    sets = f", shown by {command.sets}" if command.sets else ""
    return f"{args}{sets}{', asks before' if command.confirm else ''}"


def _argument(argument: Argument) -> str:
    limits = ""
    if argument.choices:
        limits = f" of {', '.join(argument.choices)}"
    elif argument.min is not None or argument.max is not None:
        low = "" if argument.min is None else f" from {argument.min:g}"
        limits = low + ("" if argument.max is None else f" to {argument.max:g}")
    return argument.type + limits + (f" {argument.unit}" if argument.unit else "")
