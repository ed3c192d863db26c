"""Lines to instruments: serial ports, TCP connections and I²C devices behind one small interface (``base.Link``)."""

import os
import time

from broker.runtime import Clock
from edge.links.address import Address, I2cAddress, TcpAddress
from edge.links.base import Link


def make_link(address: Address, clock: Clock = time.time) -> Link:
    """A line to ``address``, not yet open."""
    if isinstance(address, TcpAddress):
        from edge.links.tcp import TcpLink

        return TcpLink(address.host, address.port, clock)
    if isinstance(address, I2cAddress):
        from edge.links.i2c import I2cLink

        return I2cLink(address, clock)
    from edge.links.serial_port import SerialLink  # pyserial only where there is a serial line

    return SerialLink(address.path, address.settings, clock)


def is_plugged(address: Address) -> bool:
    """Whether the port is there; of a host in the network nobody knows without asking."""
    return isinstance(address, TcpAddress) or os.path.exists(address.path)  # of I²C: the bus
