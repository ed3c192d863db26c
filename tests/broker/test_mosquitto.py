import asyncio
import stat
import subprocess
from pathlib import Path

import pytest

from broker import mosquitto as m
from broker.acl import User
from tests.support.broker import TestBroker, password


def test_render_changes_ports_and_addresses_only() -> None:
    conf = m.conf_file().read_text()

    text = m.render(conf, host="0.0.0.0", port=2883, ws_port=2901, account=None)  # noqa: S104

    assert "listener 2883 0.0.0.0\n" in text
    assert "listener 2901 0.0.0.0\nprotocol websockets\n" in text
    assert [a for a in conf.splitlines() if a not in text.splitlines()] == [
        "listener 1883 127.0.0.1",
        "listener 9001 127.0.0.1",
    ]


def test_without_ws_port_there_is_no_websocket_listener() -> None:
    text = m.render(m.conf_file().read_text(), host="127.0.0.1", port=2883, ws_port=None, account="lab")

    assert "websockets" not in [line.split()[-1] for line in text.splitlines() if line.startswith("protocol")]
    assert text.endswith("user lab\n")


def test_the_shipped_file_has_no_anonymous_access_and_explicit_limits() -> None:
    settings = dict(
        line.split(maxsplit=1) for line in m.conf_file().read_text().splitlines() if line and not line.startswith("#")
    )

    assert settings["allow_anonymous"] == "false"
    for key in ("max_inflight_messages", "max_queued_messages", "max_queued_bytes", "max_packet_size", "persistence"):
        assert key in settings


def test_passwords_are_hashed_and_private(tmp_path: Path) -> None:
    m.prepare(tmp_path, {User("anna", "operator"): "geheim"}, port=1)

    text = (tmp_path / "passwords").read_text()
    assert text.startswith("anna:$7$")
    assert "geheim" not in text
    for name in ("passwords", "acl"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_a_taken_port_is_an_error_with_mosquittos_own_words(mosquitto: TestBroker, tmp_path: Path) -> None:
    second = tmp_path / "second"
    m.prepare(second, {User("anna", "operator"): "x"}, port=mosquitto.port)

    with pytest.raises(m.MosquittoError, match="Address already in use"):
        await m.start(second)


async def test_stop_ends_the_process(mosquitto: TestBroker) -> None:
    await mosquitto.stop()

    assert mosquitto.running.process.returncode is not None


async def mosquitto_pub(broker: TestBroker, *args: str) -> tuple[int, str]:
    """Debian's own client, as an outsider would use it."""
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-p", str(broker.port), "-V", "5", "-q", "1", *args,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.parametrize("args", [(), ("-u", "anna"), ("-u", "anna", "-P", "wrong"), ("-u", "nobody", "-P", "x")])
async def test_nobody_enters_without_the_right_password(mosquitto: TestBroker, args: tuple[str, ...]) -> None:
    code, said = await mosquitto_pub(mosquitto, *args, "-t", "lab/x/cmd", "-m", "1")

    assert code != 0
    assert "not authori" in said.lower()


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        ("edge-pi", "lab/balance1/data", True),
        ("edge-pi", "lab/other1/data", False),
        ("edge-pi", "lab/balance1/cmd", False),
        ("edge-pi", "lab/_edge/pi/status", True),
        ("edge-pi", "lab/_edge/other/status", False),
        ("viewer", "lab/balance1/cmd", False),
        ("viewer", "lab/balance1/cmd/viewer", False),
        ("anna", "lab/balance1/cmd/anna", True),
        ("anna", "lab/balance1/cmd", False),
        ("anna", "lab/balance1/data", False),
        ("bridge-main", "lab/balance1/cmd", True),
        ("bridge-main", "lab/balance1/data", False),
        ("logger-main", "lab/_sys/logger/main/commit/balance1", True),
        ("logger-main", "lab/_sys/logger/second/commit/balance1", False),
        ("logger-main", "lab/balance1/cmd", False),
    ],
)
async def test_rights_to_write(mosquitto: TestBroker, user: str, topic: str, allowed: bool) -> None:
    code, said = await mosquitto_pub(mosquitto, "-u", user, "-P", password(user), "-t", topic, "-m", "1")

    assert code == 0
    assert ("not authori" in said.lower()) is not allowed
