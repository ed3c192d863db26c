import argparse
from pathlib import Path

import pytest

from broker.config import BrokerConfig, ConfigError
from labwire.credentials import add_arguments, chosen, first, from_file, is_server


def given(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(argv)


def component(folder: Path, name: str, user: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'anything = "else"\n[broker]\nport = 1999\nuser = "{user}"\npassword_file = "secret"\n')
    return path


def server(folder: Path, *with_password: str) -> Path:
    users = "".join(
        f'[[user]]\nname = "{name}"\nrole = "{role}"\n'
        for name, role in (("edge-pi", "edge"), ("bridge-main", "bridge"), ("eva", "viewer"))
    )
    path = folder / "broker.toml"
    path.write_text('data_dir = "m"\nsecrets_dir = "s"\nhost = "0.0.0.0"\nport = 2001\n' + users)
    (folder / "s").mkdir()
    for name in with_password:
        (folder / "s" / name).write_text("x\n")
    return path


def test_any_components_file_will_do(tmp_path: Path) -> None:
    file = component(tmp_path, "logger", "logger-main")
    found = chosen(given("-c", str(file)))
    assert found == BrokerConfig(port=1999, user="logger-main", password_file=str(tmp_path / "secret"))


def test_the_servers_file_gives_a_user_that_may_read_everything(tmp_path: Path) -> None:
    found = from_file(server(tmp_path, "edge-pi", "bridge-main"))
    assert (found.host, found.port, found.user) == ("127.0.0.1", 2001, "bridge-main")
    assert found.password_file == str(tmp_path / "s" / "bridge-main")


def test_a_server_without_such_a_user_is_said(tmp_path: Path) -> None:
    file = server(tmp_path, "edge-pi")
    assert is_server(file)
    with pytest.raises(ConfigError, match="no user of broker"):
        from_file(file)


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    file = component(tmp_path, "edge", "edge-pi")
    found = chosen(given("-c", str(file), "--user", "eva", "--port", "1", "--ca-file", "ca.pem"))
    assert (found.user, found.port, found.tls, found.ca_file) == ("eva", 1, True, "ca.pem")


def test_where_no_file_is_named_the_one_that_reads_most_is_taken(tmp_path: Path) -> None:
    component(tmp_path, "edge", "edge-pi")
    component(tmp_path, "bridge", "bridge-main")
    found = first([tmp_path / "none", tmp_path])
    assert found is not None
    assert found.user == "bridge-main"
    assert chosen(given(), [tmp_path]).user == "bridge-main"
    assert chosen(given("--host", "other"), [tmp_path]) == BrokerConfig(host="other")


def test_no_file_at_all_is_this_machine(tmp_path: Path) -> None:
    assert chosen(given(), [tmp_path]) == BrokerConfig()


@pytest.mark.parametrize("argv", [("--port", "0"), ("--root", "a/#")])
def test_nonsense_is_a_sentence(argv: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        chosen(given(*argv), [tmp_path])
