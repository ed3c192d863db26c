"""Where a line goes: a serial port's path, ``tcp://host:port`` or ``i2c:bus@0xNN``. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "even", "odd", "mark", "space"]
Flow = Literal["none", "xonxoff", "rtscts"]


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """How the bytes travel over a serial line; ``baud`` in bits per second."""

    baud: int = 9600
    bytesize: int = 8
    parity: Parity = "none"
    stopbits: float = 1
    flow: Flow = "none"

    def __str__(self) -> str:
        flow = "" if self.flow == "none" else f" {self.flow}"
        return f"{self.baud} {self.bytesize}{self.parity[0].upper()}{self.stopbits:g}{flow}"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    path: str
    settings: SerialSettings = SerialSettings()

    def __str__(self) -> str:
        return f"{self.path} ({self.settings})"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class I2cAddress:
    """A device on a bus: ``bus`` is a number (1 is /dev/i2c-1) or a path, ``device`` its 7-bit address."""

    bus: str
    device: int

    @property
    def path(self) -> str:
        return f"/dev/i2c-{self.bus}" if self.bus.isdigit() else self.bus

    def __str__(self) -> str:
        return f"i2c:{self.bus}@0x{self.device:02x}"


Address = SerialAddress | TcpAddress | I2cAddress

I2C = "i2c:"
_I2C = re.compile(r"i2c:(?P<bus>0|[1-9][0-9]{0,3}|/[^@]+)@0x(?P<device>[0-7][0-9a-f])")


def parse_address(port: str, settings: SerialSettings) -> Address:
    """``/dev/ttyUSB0``, ``tcp://host:4001`` or ``i2c:1@0x44``. Raises ValueError with what was expected."""
    if port.startswith(I2C):
        return _i2c_address(port)
    if not port.startswith("tcp://"):
        if not port or "://" in port:
            raise ValueError(f"port {port!r} is neither a serial port's path nor tcp://host:port nor i2c:bus@0xNN")
        return SerialAddress(port, settings)
    host, colon, number = port.removeprefix("tcp://").rpartition(":")
    if not colon or not host or not (number.isascii() and number.isdigit() and 0 < int(number) < 65536):
        raise ValueError(f"port {port!r} was expected as tcp://host:port with a port number from 1 to 65535")
    return TcpAddress(host.strip("[]"), int(number))


def _i2c_address(port: str) -> I2cAddress:
    found = _I2C.fullmatch(port)
    if found is None or not 0x08 <= int(found["device"], 16) <= 0x77:
        raise ValueError(
            f"port {port!r} was expected as i2c:1@0x44: the bus's number (or /dev path) and the device's address from "
            "0x08 to 0x77, two digits in small letters"
        )
    return I2cAddress(found["bus"], int(found["device"], 16))
