from pathlib import Path

from calibration.__main__ import main
from tests.calibration.commands.test_documents import files

__all__ = ["files"]


def test_a_certificate_as_xml(files: Path) -> None:
    assert main(["dcc", "r.json", "-p", "p.toml"]) == 0
    made = (files / "C-1.xml").read_text(encoding="utf-8")
    assert "<dcc:mandatoryLangCodeISO639_1>de</dcc:mandatoryLangCodeISO639_1>" in made
    assert main(["dcc", "r.json", "-p", "p.toml", "--language", "en", "-o", "e.xml"]) == 0
    assert "<dcc:mandatoryLangCodeISO639_1>en<" in (files / "e.xml").read_text(encoding="utf-8")
