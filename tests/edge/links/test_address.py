from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.links import is_plugged
from edge.links.address import I2cAddress, SerialAddress, SerialSettings, TcpAddress, parse_address

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


@pytest.mark.parametrize(("text", "bus", "device", "path"), [
    ("i2c:1@0x44", "1", 0x44, "/dev/i2c-1"), ("i2c:0@0x08", "0", 8, "/dev/i2c-0"),
    ("i2c:22@0x77", "22", 0x77, "/dev/i2c-22"),
    ("i2c:/dev/i2c-lab@0x4b", "/dev/i2c-lab", 0x4B, "/dev/i2c-lab"),
])  # fmt: skip
def test_a_device_on_a_bus(text: str, bus: str, device: int, path: str) -> None:
    address = parse_address(text, SETTINGS)

    assert address == I2cAddress(bus, device)
    assert isinstance(address, I2cAddress)
    assert (address.path, str(address)) == (path, text)


@pytest.mark.parametrize("text", [
    "i2c:1", "i2c:1@44", "i2c:1@0x4", "i2c:1@0x4B", "i2c:1@0x07", "i2c:1@0x78", "i2c:1@0x80", "i2c:@0x44",
    "i2c:01@0x44", "i2c:dev/i2c-1@0x44", "i2c:1@0x44 ", "i2c:１@0x44",
])  # fmt: skip
def test_what_is_no_device_on_a_bus(text: str) -> None:
    with pytest.raises(ValueError, match=r"was expected as i2c:1@0x44: the bus's number"):
        parse_address(text, SETTINGS)


@given(st.integers(0, 9999), st.integers(0x08, 0x77))
def test_every_device_comes_back(bus: int, device: int) -> None:
    address = I2cAddress(str(bus), device)

    assert parse_address(str(address), SETTINGS) == address


def test_a_bus_is_plugged_while_its_file_is_there(tmp_path: Path) -> None:
    address = I2cAddress(str(tmp_path / "i2c-9"), 0x44)
    assert not is_plugged(address)
    (tmp_path / "i2c-9").touch()
    assert is_plugged(address)
