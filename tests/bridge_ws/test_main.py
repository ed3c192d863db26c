"""labwire bridge: tokens are made, listed and taken back."""

import stat
from pathlib import Path

import pytest

from bridge_ws import tokenfile, tokens
from bridge_ws.__main__ import main


def test_a_token_from_its_making_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "tokens.toml"
    assert main(["token", "add", "anna", "--role", "operator", "--file", str(file)]) == 0
    secret = capsys.readouterr().out.strip()
    assert main(["token", "add", "bert", "--role", "viewer", "--file", str(file)]) == 0
    capsys.readouterr()

    assert tokens.find(secret, tokenfile.read(file)) == tokens.Identity("anna", "operator")
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert main(["token", "list", "--file", str(file)]) == 0
    assert capsys.readouterr().out.split() == ["anna", "operator", "bert", "viewer"]
    assert main(["token", "remove", "anna", "--file", str(file)]) == 0
    assert tokens.find(secret, tokenfile.read(file)) is None


@pytest.mark.parametrize(
    "argv",
    [
        ["add", "anna", "--role", "viewer"],
        ["add", "Not A Name", "--role", "viewer"],
        ["remove", "nobody"],
    ],
)
def test_mistakes_are_code_2(tmp_path: Path, argv: list[str], caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "tokens.toml"
    main(["token", "add", "anna", "--role", "operator", "--file", str(file)])
    before = file.read_text()

    assert main(["token", *argv, "--file", str(file)]) == 2
    assert file.read_text() == before


def test_the_configuration_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('data_dir = "d"\ntokens_file = "t.toml"\n')

    assert main(["token", "add", "anna", "--role", "viewer", "-c", str(config)]) == 0
    assert (tmp_path / "t.toml").exists()
    config.write_text('data_dir = "d"\n')
    assert main(["token", "list", "-c", str(config)]) == 2
    config.write_text('data_dirr = "d"\n')
    assert main(["run", "-c", str(config)]) == 2
