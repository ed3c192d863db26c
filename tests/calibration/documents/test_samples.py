"""The sample documents come out byte for byte as they are committed, line by line of the script that makes them."""

import shlex
from pathlib import Path

import pytest

from calibration import record
from calibration.__main__ import main
from calibration.documents.fonts import find

FOLDER = Path(__file__).parents[3] / "docs/samples"
LINES = [shlex.split(line)[2:] for line in (FOLDER / "make.sh").read_text().splitlines() if line.startswith("labwire")]


def output(line: list[str]) -> str:
    return line[line.index("-o") + 1]


@pytest.mark.parametrize("line", LINES, ids=output)
def test_it_is_made_again(line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    made = tmp_path / "made"
    assert main([str(made) if word == output(line) else word for word in line]) == 0
    assert made.read_bytes() == (FOLDER / output(line)).read_bytes()


def test_every_document_there_is_made_by_the_script() -> None:
    given = {"record.json", "procedure.toml", "lab.toml", "logo.svg"}
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*") if path.name not in given}
    assert there == {output(line) for line in LINES}


@pytest.mark.parametrize("name", ["pt100", "balance"])
def test_the_record_is_in_its_canonical_form(name: str) -> None:
    data = (FOLDER / name / "record.json").read_bytes().rstrip(b"\n")
    assert record.write(record.read(data)) == data


def test_the_fonts_are_those_the_samples_were_made_with() -> None:
    """Should every sample differ, this says whether it is for the letters."""
    import hashlib

    assert hashlib.sha256(find().regular.read_bytes()).hexdigest().startswith("7da195a74c55bef9")
    assert hashlib.sha256(find().bold.read_bytes()).hexdigest().startswith("e6476c1b80502924")
