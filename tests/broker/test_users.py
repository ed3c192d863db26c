import stat
from pathlib import Path

import pytest

from broker.__main__ import main
from broker.config import BrokerConfig, ConfigError, parse
from broker.mosquitto import free_port, running
from broker.users import UsersConfig, prepare

FILE = """
data_dir = "mosquitto"
secrets_dir = "secrets"
port = {port}
ws_port = {ws_port}
[[user]]
name = "edge-pi"
role = "edge"
instruments = ["oven1"]
[[user]]
name = "anna"
role = "operator"
"""


def config(tmp_path: Path) -> UsersConfig:
    return parse(FILE.format(port=free_port(), ws_port=free_port()), UsersConfig, "broker.toml", {}, tmp_path)


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    assert prepare(config(tmp_path)) == ["edge-pi", "anna"]
    first = (tmp_path / "secrets/anna").read_text()
    assert stat.S_IMODE((tmp_path / "secrets/anna").stat().st_mode) == 0o600
    assert len(first.strip()) >= 32
    assert prepare(config(tmp_path)) == []
    assert (tmp_path / "secrets/anna").read_text() == first


def test_a_password_somebody_chose_is_kept(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/anna").write_text("correct horse\n")
    assert prepare(config(tmp_path)) == ["edge-pi"]
    assert (tmp_path / "secrets/anna").read_text() == "correct horse\n"


async def test_mosquitto_starts_from_it_and_knows_the_users(tmp_path: Path) -> None:
    from broker.client import Client

    prepared = config(tmp_path)
    prepare(prepared)
    good = BrokerConfig(port=prepared.port, user="anna", password_file=str(tmp_path / "secrets/anna"))
    async with running(tmp_path / "mosquitto"), Client(good, "anna-laptop") as client:
        async for connection in client.connections():
            assert connection == 1
            break


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('name = "pi"\nrole = "edge"', "its name begins with 'edge-'"),
        ('name = "Anna"\nrole = "viewer"', "user 'Anna' is not a valid name"),
        ('name = "anna"\nrole = "boss"', "'boss' was given, allowed are 'edge', 'logger'"),
        ('name = "anna"\nrole = "viewer"\ninstruments = ["oven1"]', "has no instruments"),
        (
            'name = "anna"\nrole = "viewer"\n[[user]]\nname = "anna"\nrole = "operator"',
            "anna stands there more than once",
        ),
        ('name = "replay-main"\nrole = "replay"\nroot = "lab"', "would replay into the laboratory itself"),
        ('name = "bridge-x"\nrole = "bridge"\nroot = "a/#"', "topic root 'a/#'"),
        ('name = "anna"\nrol = "viewer"', "unknown key 'user.0.rol', did you mean 'role'"),
    ],
)
def test_a_mistake_is_one_sentence(
    line: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broker.toml"
    path.write_text(f'data_dir = "m"\nsecrets_dir = "s"\n[[user]]\n{line}\n')
    assert main(["prepare", "-c", str(path)]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_a_secrets_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("a file")
    with pytest.raises(ConfigError, match=r"secrets_dir .* cannot be written"):
        prepare(config(tmp_path))


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broker.toml"
    path.write_text(FILE.format(port=1883, ws_port=9001))
    assert main(["prepare", "-c", str(path)]) == 0
    out = capsys.readouterr().out
    assert "for 2 users" in out
    assert "new passwords for edge-pi, anna" in out
    assert "listener 9001" in (tmp_path / "mosquitto/mosquitto.conf").read_text()
