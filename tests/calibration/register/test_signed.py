"""A certificate signed with pyHanko, kept in the place of the plain one."""

from pathlib import Path

import pytest

from calibration.documents import sign
from calibration.register import RegisterError, verify
from calibration.register.lone import check
from calibration.register.redrawn import of_record
from calibration.register.release import release
from calibration.register.signed import keep
from tests.calibration.documents.test_sign import keys
from tests.calibration.register.bench import ANNA, CARL, register, reviewed

__all__ = ["keys"]


def test_a_signed_certificate_takes_the_place_of_the_plain_one(tmp_path: Path, keys: Path) -> None:
    made = register(tmp_path)
    done = release(made, reviewed(made).id, ANNA)
    path = made.document(done.id, 1, "certificate")
    assert path is not None
    plain = path.read_bytes()
    signed = sign.sign(plain, sign.load_pem(keys / "k.pem", keys / "c.pem"))
    copy = tmp_path / "signed.pdf"
    copy.write_bytes(signed)
    assert [f.text for f in check(copy, made) if not f.ok] == []
    assert "something added at its end" in " ".join(f.text for f in check(copy, made))
    keep(made, done.id, signed, CARL)
    assert path.read_bytes() == signed
    assert made.entries()[-1].pdf == made.record(done.id).files["certificate"]
    for findings in (verify.folder(made.folder), of_record(made, done.id), check(path, made), check(copy, None)):
        assert [f.text for f in findings if not f.ok] == []
    assert "is intact" in " ".join(f.text for f in of_record(made, done.id))
    bent = bytearray(signed)
    bent[len(plain) // 2] ^= 1
    copy.write_bytes(bent)
    said = " ".join(f.text for f in check(copy, None) if not f.ok)
    assert "damaged" in said
    assert "broken" in said


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (lambda pdf: pdf, "not signed"),
        (lambda pdf: b"%PDF-1.7", "does not begin with a document"),
        (lambda pdf: pdf + b"/ByteRange", "none that can be read"),
    ],
)
def test_what_is_not_its_signed_form_is_refused(tmp_path: Path, of: "object", says: str) -> None:
    made = register(tmp_path)
    done = release(made, reviewed(made).id, ANNA)
    path = made.document(done.id, 1, "certificate")
    assert path is not None
    assert callable(of)
    with pytest.raises(RegisterError, match=says):
        keep(made, done.id, of(path.read_bytes()), ANNA)
    with pytest.raises(RegisterError, match="only what is released"):
        keep(made, reviewed(made).id, path.read_bytes(), ANNA)
