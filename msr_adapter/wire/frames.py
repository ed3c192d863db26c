"""``<data>`` elements: the fast path, and the patient one for attributes in another order."""

import re

from msr_adapter.wire.errors import WireError
from msr_adapter.wire.events import Data
from msr_adapter.wire.samples import stamps

_TIME = b">\r\n <time d="
_FAST = {b"/>\r\n <F c=": False, b"/>\r\n <E c=": True}
_ELEMENT = re.compile(rb'<([A-Za-z]\w*)((?:\s+\w+="[^"]*")*)\s*/?>')
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')


def read_frame(text: bytes) -> Data:
    """The frame in ``text``, from ``<data`` up to, not including, ``</data>``. Raises WireError."""
    parts = text.split(b'"')
    keys, values = parts[0::2], parts[1::2]
    try:
        at = keys.index(_TIME)
    except ValueError:
        return _patient(text)
    openings, sample_keys = keys[at + 1 : -1 : 2], keys[at + 2 : -1 : 2]
    on_change = _FAST.get(openings[0]) if openings else None
    count = len(openings)
    if on_change is None or openings.count(openings[0]) != count or sample_keys.count(b" d=") != count:
        return _patient(text)
    return _frame(_group(keys[:at], values), values[at], values[at + 1 :: 2], values[at + 2 :: 2], on_change)


def _frame(group: int, times: bytes, indices: list[bytes], texts: list[bytes], on_change: bool) -> Data:
    try:
        columns = tuple(zip(map(int, indices), texts, strict=True))
    except ValueError as e:
        raise WireError("a channel in a frame has no number") from e
    return Data(stamps(times), columns, group, on_change)


def _group(keys: list[bytes], values: list[bytes]) -> int:
    return next((_number(value) for key, value in zip(keys, values, strict=False) if key.endswith(b" group=")), 0)


def _patient(text: bytes) -> Data:
    """Any order of attributes and children, unknown ones ignored."""
    group, times, columns, on_change = 0, b"", [], False
    for name, attributes in _ELEMENT.findall(text):
        values: dict[bytes, bytes] = dict(_ATTRIBUTE.findall(attributes))
        if name == b"data":
            group = _number(values.get(b"group", b"0"))
        elif name == b"time":
            times = values.get(b"d", b"")
        elif name in (b"F", b"E"):
            on_change = name == b"E"
            columns.append((_number(values.get(b"c", b"")), values.get(b"d", b"")))
    return Data(stamps(times), tuple(columns), group, on_change)


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as e:
        raise WireError(f"{text[:20]!r} is no number") from e
