from pathlib import Path

import pytest

pytest.importorskip("pyhanko", reason="pyHanko (extra sign) is not installed")

from calibration.__main__ import main
from calibration.documents import sign
from tests.calibration.commands.test_documents import files
from tests.calibration.documents.test_sign import PASSWORD, keys

__all__ = ["files", "keys"]


@pytest.fixture
def certificate(files: Path) -> Path:
    assert main(["pdf", "r.json", "-p", "p.toml", "-o", "c.pdf"]) == 0
    return files / "c.pdf"


def test_with_pkcs12_and_a_password_file(certificate: Path, keys: Path) -> None:
    secret = certificate.parent / "secret"
    secret.write_bytes(PASSWORD + b"\n")
    assert main(["sign", "c.pdf", "--p12", str(keys / "k.p12"), "--password-file", str(secret)]) == 0
    signed = certificate.with_name("c-signed.pdf").read_bytes()
    assert signed.startswith(certificate.read_bytes())
    assert [s.good for s in sign.check(signed)] == [True]


def test_with_the_password_in_the_environment(certificate: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABWIRE_SIGN_PASSWORD", PASSWORD.decode())
    assert main(["sign", "c.pdf", "--p12", str(keys / "k.p12"), "-o", "s.pdf", "--reason", "release"]) == 0
    assert [s.signer for s in sign.check((certificate.parent / "s.pdf").read_bytes())] == ["Cara"]


def test_with_pem(certificate: Path, keys: Path) -> None:
    pem = ["--key", str(keys / "k.pem"), "--cert", str(keys / "c.pem")]
    assert main(["sign", "c.pdf", *pem, "-o", "s.pdf"]) == 0


@pytest.mark.parametrize("how", [[], ["--key", "k.pem"], ["--p12", "k.p12", "--key", "k.pem"]])
def test_one_way_to_sign_must_be_chosen(certificate: Path, how: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "c.pdf", *how]) == 2
    assert "who signs?" in capsys.readouterr().err


def test_what_does_not_open_is_one_sentence(certificate: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "c.pdf", "--p12", str(keys / "k.p12")]) == 2
    assert "cannot be opened as PKCS#12" in capsys.readouterr().err
