from importlib import import_module

import pytest

from calibration.__main__ import COMMANDS, main


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_each_command_has_its_two_functions_and_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = import_module(COMMANDS[word][0])
    assert callable(module.add)
    assert callable(module.run)
    with pytest.raises(SystemExit) as left:
        main([word, "--help"])
    assert left.value.code == 0
    assert f"labwire cal {word}" in capsys.readouterr().out


def test_the_overview_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert [word for word in COMMANDS if word not in said] == []


@pytest.mark.parametrize("argv", [[], ["calibrate"]])
def test_a_word_that_is_no_command(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
