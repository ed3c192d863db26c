from pathlib import Path

import pytest

pytest.importorskip("pyhanko", reason="pyHanko (extra sign) is not installed")

from tests.calibration.commands.bench import Lab
from tests.calibration.commands.test_verify import issued
from tests.calibration.documents.test_sign import keys

__all__ = ["keys"]


def test_signed_and_kept(lab: Lab, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from calibration.__main__ import main

    id_, certificate = issued(lab)
    signed = str(lab.folder / "signed.pdf")
    assert (
        main(["sign", str(certificate), "--key", str(keys / "k.pem"), "--cert", str(keys / "c.pem"), "-o", signed]) == 0
    )
    capsys.readouterr()
    assert lab("signed", id_, str(certificate), by="anna") == 2
    assert "not signed" in lab.error
    assert lab("signed", id_, signed, by="anna") == 0
    assert lab("verify") == 0, lab.said
    assert "the signature of Cara is intact" in lab.said
