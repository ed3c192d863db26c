"""What broker.toml knows that the wire does not tell."""

from pathlib import Path

import pytest

from broker.config import load
from broker.users import UsersConfig, prepare
from tests.labwire.doctor.planted import Planted, checks, one
from tests.support.broker import TestBroker, password

USERS = '[[user]]\nname = "logger-main"\nrole = "logger"\n[[user]]\nname = "edge-pi"\nrole = "edge"\n'


@pytest.fixture
def server(planted: Planted) -> Path:
    """A broker.toml about the running Mosquitto, prepared in a folder of its own."""
    secrets = planted.folder / "secrets"
    secrets.mkdir()
    for user in ("logger-main", "edge-pi"):
        (secrets / user).write_text(password(user))
    path = planted.folder / "broker.toml"
    head = f'data_dir = "{planted.folder}/prepared"\nsecrets_dir = "{secrets}"\nport = {planted.port}\n'
    path.write_text(head + USERS + 'instruments = ["balance1"]\n')
    prepare(load(path, UsersConfig))
    return path


async def test_all_is_well(planted: Planted, server: Path) -> None:
    found = checks(await planted.doctor(server, planted.edge()))
    assert not found & {"rights", "acl-stale", "acl-missing", "queue-limits", "user-unknown", "wrong-password"}


async def test_a_wrong_password_is_told_as_one(planted: Planted, server: Path) -> None:
    edge = planted.edge()
    (planted.folder / "edge-pi.secret").write_text("mistyped")
    found = one(await planted.doctor(server, edge), "wrong-password")
    assert f"Copy {planted.folder}/secrets/edge-pi to {planted.folder}/edge-pi.secret" in found.remedy


async def test_a_user_that_nobody_knows(planted: Planted, server: Path) -> None:
    found = one(await planted.doctor(server, planted.edge(user="edge-pi-9")), "user-unknown")
    assert "'edge-pi-9'" in found.text
    assert "labwire broker prepare" in found.remedy


async def test_a_user_that_mosquitto_has_not_yet(planted: Planted, server: Path) -> None:
    server.write_text(server.read_text() + '[[user]]\nname = "viewer"\nrole = "viewer"\n')
    assert {"user-unknown", "acl-stale"} <= checks(await planted.doctor(server))


async def test_an_instrument_that_the_edge_may_not_publish(planted: Planted, server: Path) -> None:
    found = one(await planted.doctor(server, planted.edge(name="oven7")), "rights")
    assert "edge-pi may not publish oven7" in found.text


@pytest.mark.parametrize(("line", "check"), [("acl_file", "acl-missing"), ("max_queued_messages", "queue-limits")])
async def test_a_configuration_of_mosquitto_that_lacks_something(
    planted: Planted, server: Path, line: str, check: str
) -> None:
    conf = planted.folder / "prepared" / "mosquitto.conf"
    kept = [text for text in conf.read_text().splitlines() if not text.startswith(line + " ")]
    conf.write_text("\n".join(kept) + "\n")
    assert one(await planted.doctor(server), check)


async def test_a_folder_that_was_never_prepared(planted: Planted, server: Path, mosquitto: TestBroker) -> None:
    (planted.folder / "prepared" / "acl").unlink()
    assert "broker prepare" in one(await planted.doctor(server), "broker-unprepared").remedy
