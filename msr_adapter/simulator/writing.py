"""How this server reads a written value: through a double, cutting and wrapping, without a look at the end (4.7)."""

import math
import re
import struct
from binascii import Error, unhexlify

from msr_adapter.simulator.model import Model, Parameter
from msr_adapter.wire.layout import Layout

_NUMBER = re.compile(rb" *([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?) *")


def image_of_text(parameter: Parameter, text: bytes) -> bytes | None:
    """The bytes of decimal numbers, at most as many as the whole has; None when a word is none."""
    numbers = []
    for word in re.split(rb"[,;]", text):
        found = _NUMBER.fullmatch(word)
        if not found:
            return None
        numbers.append(float(found[1]))
    return b"".join(_element(parameter, n) for n in numbers[: parameter.layout.count])


def image_of_hex(parameter: Parameter, text: bytes) -> bytes | None:
    """The bytes of hexadecimal digits; None for a bad digit, an odd count or too many."""
    try:
        image = unhexlify(text)
    except Error:
        return None
    return image if 0 < len(image) <= parameter.layout.size else None


def accepts(parameter: Parameter, image: bytes) -> bool:
    """The application's own check."""
    if parameter.low is None or parameter.high is None:
        return True
    code, size = parameter.layout.type.code, parameter.layout.type.size
    values = struct.unpack(f"<{len(image) // size}{code}", image[: len(image) // size * size])
    return all(parameter.low <= v <= parameter.high for v in values)


def put(model: Model, parameter: Parameter, start: int, image: bytes) -> None:
    """Write into the memory from element ``start`` on, over the neighbour too, never past the memory's end."""
    begin = parameter.offset + start * parameter.layout.type.size
    end = min(begin + len(image), len(model.memory))
    model.memory[begin:end] = image[: end - begin]


def _element(parameter: Parameter, number: float) -> bytes:
    layout: Layout = parameter.layout
    code = layout.type.code
    if layout.type.is_float:
        return struct.pack("<" + code, _narrow(code, number))
    if parameter.boolean:
        return bytes([number != 0])
    bits = 8 * layout.type.size
    wrapped: int = (math.trunc(number) if math.isfinite(number) else 0) % 2**bits
    return int(wrapped).to_bytes(layout.type.size, "little")


def _narrow(code: str, number: float) -> float:
    """C makes infinity of a double that a float cannot hold; struct would raise."""
    return math.copysign(math.inf, number) if code == "f" and abs(number) > 3.4028235677973366e38 else number
