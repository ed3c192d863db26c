"""Signatures with a certificate made here: intact, broken by a bit, with another after it."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("pyhanko", reason="pyHanko (extra sign) is not installed")

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from calibration.documents import pdf, sign
from calibration.documents.errors import DocumentError
from tests.calibration.documents.given import dossier

PASSWORD = b"only for this test"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one key and its certificate, as PKCS#12 and as PEM."""
    folder = tmp_path_factory.mktemp("keys")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cara")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(1), now + timedelta(9))
    certificate = made.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    locked = BestAvailableEncryption(PASSWORD)
    (folder / "k.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"k", key, certificate, None, locked))
    (folder / "k.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "c.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder


@pytest.fixture(scope="module")
def plain() -> bytes:
    return pdf.render("certificate", dossier(), "en")


@pytest.fixture(scope="module")
def signed(keys: Path, plain: bytes) -> bytes:
    return sign.sign(plain, sign.load_p12(keys / "k.p12", PASSWORD), reason="release", location="here")


def test_a_signature_is_added_at_the_end(plain: bytes, signed: bytes) -> None:
    assert signed.startswith(plain)
    assert b"ETSI.CAdES.detached" in signed
    assert sign.check(plain) == []


def test_who_signed_and_that_nothing_was_changed(signed: bytes) -> None:
    (found,) = sign.check(signed)
    assert (found.signer, found.good, found.whole) == ("Cara", True, True)
    assert found.at is not None


def test_a_key_as_pem_signs_too(keys: Path, plain: bytes) -> None:
    (found,) = sign.check(sign.sign(plain, sign.load_pem(keys / "k.pem", keys / "c.pem", (keys / "c.pem",))))
    assert found.good


def test_every_flipped_bit_is_found(signed: bytes) -> None:
    chance = random.Random(20260504)  # noqa: S311 - which bits, no secret
    for _ in range(40):
        bent = bytearray(signed)
        bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
        try:
            found = sign.check(bytes(bent))
        except DocumentError:
            continue
        assert not found or not all(signature.good for signature in found)


def test_every_byte_behind_what_was_issued_counts(plain: bytes, signed: bytes) -> None:
    """Also those that no signature covers: the rest of its own place, and what stands behind it."""
    gap = signed.index(b"0" * 100, len(plain))
    for place in range(gap, len(signed), 997):
        for bit in (1, 0x20):
            bent = bytearray(signed)
            bent[place] ^= bit
            try:
                assert not all(signature.good for signature in sign.check(bytes(bent))), place
            except DocumentError:
                continue
    (found,) = sign.check(signed + b"x")
    assert not found.good


def test_a_second_signature_leaves_the_first_good(keys: Path, signed: bytes) -> None:
    first, second = sign.check(sign.sign(signed, sign.load_p12(keys / "k.p12", PASSWORD)))
    assert (first.good, first.whole) == (True, False)
    assert (second.good, second.whole) == (True, True)


def test_what_is_written_after_a_signature_is_found(signed: bytes) -> None:
    from io import BytesIO

    from pypdf import PdfWriter

    writer = PdfWriter(BytesIO(signed), incremental=True)
    writer.add_blank_page(100, 100)
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(signed)
    (found,) = sign.check(out.getvalue())
    assert not found.good
    assert not found.whole


def test_keys_that_do_not_open(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be opened as PKCS#12"):
        sign.load_p12(keys / "k.p12", b"another")
    with pytest.raises(DocumentError, match="cannot be read"):
        sign.load_p12(tmp_path / "none.p12")
    with pytest.raises(DocumentError, match="is not a file"):
        sign.load_pem(tmp_path / "none.pem", keys / "c.pem")
    with pytest.raises(DocumentError, match="no key that can be used"):
        sign.load_pem(keys / "c.pem", keys / "c.pem")


def test_what_is_no_pdf_cannot_be_signed(keys: Path) -> None:
    with pytest.raises(DocumentError, match="PDF"):
        sign.sign(b"no pdf", sign.load_p12(keys / "k.p12", PASSWORD))
