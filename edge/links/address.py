"""Where a line goes: a serial port's path or ``tcp://host:port``. Pure."""

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


Address = SerialAddress | TcpAddress


def parse_address(port: str, settings: SerialSettings) -> Address:
    """``/dev/ttyUSB0`` or ``tcp://host:4001``. Raises ValueError with what was expected."""
    if not port.startswith("tcp://"):
        if not port or "://" in port:
            raise ValueError(f"port {port!r} is neither a serial port's path nor tcp://host:port")
        return SerialAddress(port, settings)
    host, colon, number = port.removeprefix("tcp://").rpartition(":")
    if not colon or not host or not (number.isascii() and number.isdigit() and 0 < int(number) < 65536):
        raise ValueError(f"port {port!r} was expected as tcp://host:port with a port number from 1 to 65535")
    return TcpAddress(host.strip("[]"), int(number))
