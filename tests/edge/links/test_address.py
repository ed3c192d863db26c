from pathlib import Path

import pytest

from edge.links import is_plugged
from edge.links.address import SerialAddress, SerialSettings, TcpAddress, parse_address

SETTINGS = SerialSettings(baud=19200, bytesize=7, parity="even", flow="rtscts")


def test_a_path_is_a_serial_port() -> None:
    address = parse_address("/dev/ttyUSB0", SETTINGS)

    assert address == SerialAddress("/dev/ttyUSB0", SETTINGS)
    assert str(address) == "/dev/ttyUSB0 (19200 7E1 rtscts)"


@pytest.mark.parametrize(("text", "host"), [("tcp://10.0.0.3:4001", "10.0.0.3"), ("tcp://[::1]:4001", "::1")])
def test_tcp(text: str, host: str) -> None:
    assert parse_address(text, SETTINGS) == TcpAddress(host, 4001)


def test_a_port_is_plugged_while_its_file_is_there(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"

    assert not is_plugged(SerialAddress(str(port)))
    port.touch()
    assert is_plugged(SerialAddress(str(port)))
    assert is_plugged(TcpAddress("nobody.knows", 1))


@pytest.mark.parametrize("text", ["", "udp://x:1", "tcp://host", "tcp://:1", "tcp://h:0", "tcp://h:70000", "tcp://h:x"])
def test_what_is_neither_is_refused_with_the_form_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"tcp://host:port"):
        parse_address(text, SETTINGS)
