"""Requests to bytes, said so that this server reads what is meant (protocol sections 1, 2, 4 and 5).

Every function makes one element with its line end. ``ident`` comes back in the ``Ack``: give a new one to each. Names
are bytes as the listing had them. Raises WireError for what cannot be said.
"""

from collections.abc import Iterator, Sequence

from msr_adapter.wire.errors import WireError
from msr_adapter.wire.layout import Layout
from msr_adapter.wire.samples import Number, to_image

# The server closes the session at 8200 bytes and takes 8190 (measured); some are left for attributes yet to come.
MAX_REQUEST = 8190
MAX_BLOCK = 10_000
_MAX_UNSIGNED = 2**32 - 1
_CHANNEL_LIST = 7600

Target = int | bytes  # an index, or a name


def ping(ident: str) -> bytes:
    """The server answers ``Ping`` and ``Ack``; any input also makes it send what is ready."""
    return _element("ping", ident)


def remote_host(ident: str, *, name: str, application: str, write: bool | None, polite: bool = False) -> bytes:
    """Say who we are. ``write`` True asks for access, False gives it back, None leaves it.

    ``polite``: no notices and no broadcasts for this session.
    """
    access = {None: "", True: ' access="allow"', False: ' access="0"'}[write]
    who = f" name={_quoted(name.encode())} applicationname={_quoted(application.encode())}"
    return _element("remote_host", ident, who + access + (' polite="1"' if polite else ""))


def read_channels(ident: str) -> bytes:
    """All channels, without values: ``Listing``."""
    return _element("rk", ident)


def read_parameters(ident: str, *, in_hex: bool = True) -> bytes:
    """All parameters with values: ``Listing``."""
    return _element("rp", ident, _flag("hex", in_hex))


def read_channel(ident: str, target: Target, *, short: bool = False) -> bytes:
    """One channel with its value now, as text: ``Channel``, or nothing but the ack."""
    return _element("rk", ident, _target(target) + _flag("short", short))


def read_parameter(ident: str, target: Target, *, short: bool = True, in_hex: bool = True) -> bytes:
    """One parameter with its value and time of writing: ``Parameter``, or nothing but the ack."""
    return _element("rp", ident, _target(target) + _flag("short", short) + _flag("hex", in_hex))


def read_parameter_values(ident: str) -> bytes:
    """The values of all main parameters: ``ParameterValues``."""
    return _element("rpv", ident)


def list_directory(ident: str, path: bytes) -> bytes:
    """What is in ``path`` (b"/" the root): ``Listing``. The server takes this path as it stands, without entities."""
    mark = "'" if b'"' in path else '"'
    if mark.encode() in path:
        raise WireError(f"the path {path!r} has both kinds of quotes; the server cannot be asked for it")
    return _element("list", ident, f" path={mark}{path.decode('latin-1')}{mark}")


def write_parameter(
    ident: str,
    target: Target,
    layout: Layout,
    values: Sequence[Number],
    *,
    start: int = 0,
    many: bool = False,
) -> bytes:
    """Write ``values`` from element ``start`` on, exactly (hexvalue). ``many``: notices at most five a second.

    The server writes past the end of a parameter into its neighbour, so what does not fit raises WireError here.
    Nothing tells whether it was taken: read it back after the ack.
    """
    if start < 0 or start + len(values) > layout.count:
        raise WireError(f"{len(values)} elements from {start} do not fit into {layout.count}")
    first = f' startindex="{start}"' if start else ""
    image = to_image(layout, values).hex().upper()
    return _element(
        "wp", ident, f'{_target(target)}{first} hexvalue="{image}"{_flag("aic", many)}', _write_limit(layout)
    )


def subscribe(
    ident: str,
    channels: Sequence[int],
    *,
    reduction: int,
    blocksize: int = 1,
    group: int = 0,
    quiet: bool = False,
    binary: bool = True,
) -> bytes:
    """Frames of ``blocksize`` samples, every ``reduction``-th cycle of each channel's own task.

    Cut many channels with ``cut``. ``quiet``: nothing is sent, of anything, until ``synchronise``.
    """
    _within("reduction", reduction, 1, _MAX_UNSIGNED)
    _within("blocksize", blocksize, 1, MAX_BLOCK)  # the server allocates it at once and dies of a huge one
    rate = f' reduction="{reduction}" blocksize="{blocksize}"'
    return _element("xsad", ident, _channels(channels) + rate + _group(group) + _coding(binary) + _flag("quiet", quiet))


def subscribe_changes(
    ident: str,
    channels: Sequence[int],
    *,
    reduction: int,
    group: int = 0,
    quiet: bool = False,
    binary: bool = True,
) -> bytes:
    """One sample whenever a channel's bytes differ, ``reduction`` cycles apart at least.

    A value that is zero when this begins is not sent: read the first one with ``read_channel``.
    """
    _within("reduction", reduction, 1, _MAX_UNSIGNED)
    rate = f' event="1" reduction="{reduction}"'
    return _element("xsad", ident, _channels(channels) + rate + _group(group) + _coding(binary) + _flag("quiet", quiet))


def synchronise(ident: str) -> bytes:
    """Drop begun blocks and end ``quiet``: all subscriptions begin together."""
    return _element("xsad", ident, ' sync="1"')


def unsubscribe(ident: str, channels: Sequence[int] = (), *, group: int = 0) -> bytes:
    """End these in this group; without channels all of all groups."""
    return _element("xsod", ident, _channels(channels) + _group(group) if channels else "")


def read_statistics(ident: str) -> bytes:
    """Who is connected: ``Clients``."""
    return _element("rs", ident)


def message_history(ident: str) -> bytes:
    """The stored messages, oldest first, as ``Event`` with this id."""
    return _element("message_history", ident)


def broadcast(ident: str, *, action: str = "", text: str = "") -> bytes:
    """To every session that is not polite, ours too."""
    return _element("broadcast", ident, f" action={_quoted(action.encode())} text={_quoted(text.encode())}")


def starttls(ident: str = "") -> bytes:
    """The server answers ``Tls``, then the handshake begins; the ack of an id comes inside TLS."""
    return _element("starttls", ident)


def cut(channels: Sequence[int], limit: int = _CHANNEL_LIST) -> Iterator[list[int]]:
    """The channels in order, in pieces whose list is at most ``limit`` bytes long."""
    piece: list[int] = []
    size = 0
    for channel in channels:
        width = len(str(channel)) + 1
        if piece and size + width > limit:
            yield piece
            piece, size = [], 0
        piece.append(channel)
        size += width
    if piece:
        yield piece


def _element(name: str, ident: str, attributes: str = "", limit: int = MAX_REQUEST) -> bytes:
    mark = f" id={_quoted(ident.encode('latin-1'))}" if ident else ""
    request = f"<{name}{attributes}{mark}/>\n".encode("latin-1")
    if len(request) > limit:
        raise WireError(f"a {name} of {len(request)} bytes; the server closes the session above {limit}")
    return request


def _write_limit(layout: Layout) -> int:
    """The server's limit grows with its largest parameter, which is at least this one."""
    return max(MAX_REQUEST, 1024 + 4 * layout.size)


def _quoted(raw: bytes) -> str:
    """A text attribute with the five entities, its bytes as characters."""
    text = raw.decode("latin-1").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'"{text.replace(chr(34), "&quot;").replace(chr(39), "&apos;")}"'


def _target(target: Target) -> str:
    if isinstance(target, bytes):
        return f" name={_quoted(target)}"
    return f' index="{_within("index", target, 0, _MAX_UNSIGNED)}"'


def _channels(channels: Sequence[int]) -> str:
    if not channels:
        raise WireError("no channels to subscribe")
    return f' channels="{",".join(str(_within("channel", c, 0, _MAX_UNSIGNED)) for c in channels)}"'


def _group(group: int) -> str:
    return f' group="{_within("group", group, 0, _MAX_UNSIGNED)}"' if group else ""


def _coding(binary: bool) -> str:
    return ' coding="Base64"' if binary else ' precision="17"'  # 16, the default, loses the last bit


def _flag(name: str, value: bool) -> str:
    return f' {name}="1"' if value else ""


def _within(name: str, value: int, low: int, high: int) -> int:
    """The number; never with a leading zero, which would be octal. Below 0 it would wrap around."""
    if not low <= value <= high:
        raise WireError(f"{name} is {value}, allowed is {low} to {high}")
    return value
