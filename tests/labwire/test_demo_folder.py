import hashlib
import stat
import tomllib
from pathlib import Path

import pytest

from broker.config import ConfigError
from labwire.demo_folder import USERS, DemoFolder, Ports, configurations, open_folder

PORTS = Ports("127.0.0.1", 8000, 1883)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_token_is_made_once_and_private(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    first = folder.token()
    assert len(first) >= 32
    assert folder.token() == first
    assert mode(folder.secret_file("operator-token")) == 0o600
    assert mode(folder.secret_file("operator-token").parent) == 0o700


def test_prepare_leaves_no_clear_secret_outside_the_secrets(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.prepare(PORTS)
    secrets = [folder.secret_file(user.name).read_text().strip() for user in USERS] + [folder.token()]
    others = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.name != "secrets"]
    assert others
    for path in others:
        assert not any(secret in path.read_text() for secret in secrets), path


def test_the_token_file_knows_the_token_by_its_hash(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    folder.prepare(PORTS)
    (token,) = tomllib.loads((tmp_path / "tokens.toml").read_text())["token"]
    assert token["role"] == "operator"
    assert token["sha256"] == hashlib.sha256(folder.token().encode()).hexdigest()


def test_a_second_start_keeps_the_link(tmp_path: Path) -> None:
    first = DemoFolder(tmp_path).link(PORTS, "127.0.0.1")
    assert DemoFolder(tmp_path).link(PORTS, "127.0.0.1") == first
    assert first.startswith("http://127.0.0.1:8000/#token=")


def test_an_ipv6_address_stands_in_brackets(tmp_path: Path) -> None:
    assert DemoFolder(tmp_path).link(PORTS, "fe80::1").startswith("http://[fe80::1]:8000/#token=")


def test_odd_folder_names_survive_the_configuration(tmp_path: Path) -> None:
    odd = tmp_path / 'a "quoted" \\ földer'
    for component, text in configurations(DemoFolder(odd), PORTS).items():
        table = tomllib.loads(text)
        assert table["broker"]["password_file"].startswith(str(odd)), component


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with open_folder(tmp_path / "d"), pytest.raises(ConfigError, match="in use by another process"):  # noqa: SIM117
        with open_folder(tmp_path / "d"):
            pass
    with open_folder(tmp_path / "d"):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used: Not a directory"), open_folder(tmp_path / "file" / "d"):
        pass
