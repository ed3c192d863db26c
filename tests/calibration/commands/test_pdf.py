from pathlib import Path

import pytest

from calibration.__main__ import main
from tests.calibration.commands.test_documents import files
from tests.calibration.documents.given import text

__all__ = ["files"]


def test_a_certificate_by_default_in_the_labs_language(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdf", "r.json", "-p", "p.toml"]) == 0
    assert capsys.readouterr().out == "C-1-certificate.pdf\n"
    assert "Kalibrierschein" in text((files / "C-1-certificate.pdf").read_bytes())


def test_a_protocol_with_every_published_number(files: Path) -> None:
    assert main(["pdf", "r.json", "-p", "p.toml", "--kind", "protocol", "--language", "en", "--selftest"]) == 0
    found = text((files / "C-1-protocol.pdf").read_bytes())
    assert "Calibration protocol" in found
    assert "Self-test of the software" in found
    assert found.count("✓") > 100


def test_it_goes_to_standard_output(files: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["pdf", "r.json", "-p", "p.toml", "-o", "-"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"%PDF-1.7")


def test_the_head_of_the_ledger_is_printed(files: Path) -> None:
    assert main(["pdf", "r.json", "-p", "p.toml", "--chain-head", "ab" * 32]) == 0
    assert "ab" * 32 in text((files / "C-1-certificate.pdf").read_bytes()).replace(" ", "")
