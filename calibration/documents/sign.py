"""PAdES signatures on finished PDFs, with pyHanko (extra ``sign``). One is added at the end; nothing before it moves.

Who signed and that nothing was changed since can be told; whether the signer is to be trusted is for the reader's own
list of certificates. There is no time stamp of a third party: the time in the signature is the signer's clock.
"""

from binascii import unhexlify
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from calibration.documents.errors import DocumentError

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko.sign.validation import EmbeddedPdfSignature

FIELD = "Labwire"
_WITHOUT = "pyHanko is not installed: pip install 'labwire[sign]'"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature found. ``good``: nothing was changed since; ``whole``: nothing was added after it either.

    Added may be another signature; anything else makes it not good.
    """

    signer: str
    at: datetime | None
    good: bool
    whole: bool


def load_p12(file: Path, password: bytes | None = None) -> "SimpleSigner":
    """Key and certificates from PKCS#12. Raises DocumentError."""
    signers = _pyhanko()
    try:
        return _loaded(signers.SimpleSigner.load_pkcs12_data(file.read_bytes(), (), passphrase=password), file)
    except OSError as e:
        raise DocumentError(f"{file} cannot be read: {e.strerror}") from e
    except ValueError as e:
        raise DocumentError(f"{file} cannot be opened as PKCS#12: {e}") from e


def load_pem(
    key: Path, certificate: Path, chain: tuple[Path, ...] = (), password: bytes | None = None
) -> "SimpleSigner":
    """Key and certificate as PEM or DER, ``chain`` the certificates above it. Raises DocumentError."""
    signers = _pyhanko()
    for file in (key, certificate, *chain):
        if not file.is_file():
            raise DocumentError(f"{file} is not a file")
    files = [str(file) for file in chain]
    loaded = signers.SimpleSigner.load(str(key), str(certificate), files or None, key_passphrase=password)
    return _loaded(loaded, key)


def _loaded(signer: "SimpleSigner | None", file: Path) -> "SimpleSigner":
    if signer is None:
        raise DocumentError(f"{file} has no key that can be used, or another password")
    return signer


def sign(pdf: bytes, signer: "SimpleSigner", *, reason: str = "", location: str = "") -> bytes:
    """The PDF with a PAdES signature (B-B) added. Raises DocumentError."""
    signers = _pyhanko()
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.general import SigningError

    wanted = signers.PdfSignatureMetadata(
        field_name=_free(pdf),
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        reason=reason or None,
        location=location or None,
    )
    out = BytesIO()
    try:
        signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), wanted, signer, output=out)
    except (PdfError, SigningError) as e:
        raise DocumentError(f"this PDF cannot be signed: {e}") from e
    return out.getvalue()


def _free(pdf: bytes) -> str:
    """A name no field has yet: a second signature is another field."""
    return f"{FIELD}{sum(1 for _ in _embedded(pdf)) + 1}"


def check(pdf: bytes) -> list[Signature]:
    """Every signature of a PDF; none for one without. Raises DocumentError for what is no PDF any more."""
    _pyhanko()
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    found = []
    every = list(_embedded(pdf))
    for embedded in every:
        first, length, second, last = (int(v) for v in embedded.byte_range)
        try:
            # Whom to trust is not asked here: the signer stands for itself, at the time it said.
            itself = ValidationContext(trust_roots=[embedded.signer_cert], moment=embedded.self_reported_timestamp)
            status = validate_pdf_signature(embedded, itself)
        except (PdfError, SigningError, SignatureValidationError, ValueError) as e:
            raise DocumentError(f"a signature of this PDF cannot be read any more: {e}") from e
        whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        # After the last signature there is nothing; after an earlier one what later signatures answer for.
        covered = whole if embedded is every[-1] else whole or bool(status.docmdp_ok)
        good = status.intact and status.valid and covered and (second + last == len(pdf) or not whole)
        good = good and _clean(pdf[first + length : second]) and _announced(embedded)
        found.append(Signature(_name(status.signing_cert), status.signer_reported_dt, good, whole))
    return found


def _announced(embedded: "EmbeddedPdfSignature") -> bool:
    """The list of digests in front of the signature, which nothing covers, names the one that was used and no other."""
    used = embedded.signer_info["digest_algorithm"].dump()
    return [algorithm.dump() for algorithm in embedded.signed_data["digest_algorithms"]] == [used]


def _clean(gap: bytes) -> bool:
    """What no signature covers, its own place, holds nothing else: <hex of it, then zeros>."""
    digits = gap[1:-1]
    if gap[:1] + gap[-1:] != b"<>" or digits not in (digits.lower(), digits.upper()):
        return False
    try:
        held = unhexlify(digits)
    except ValueError:
        return False
    return not held[_length(held) :].strip(b"\0")


def _length(der: bytes) -> int:
    """Of the ASN.1 value at the beginning, with its head."""
    if len(der) < 2 or der[1] < 0x80:
        return 2 + der[1] if len(der) > 1 else len(der)
    count = der[1] & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count], "big")


def _name(certificate: "Certificate") -> str:
    """Whose certificate it is."""
    names = certificate.subject.native
    return str(names.get("common_name") or certificate.subject.human_friendly)


def _embedded(pdf: bytes) -> "Iterator[EmbeddedPdfSignature]":
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        yield from PdfFileReader(BytesIO(pdf)).embedded_signatures
    except (PdfError, ValueError, KeyError, IndexError, TypeError) as e:
        raise DocumentError(f"this PDF cannot be read any more: {e}") from e


def _pyhanko() -> ModuleType:
    """pyHanko's signers. Raises DocumentError where it is not installed."""
    try:
        from pyhanko.sign import signers
    except ModuleNotFoundError as e:
        raise DocumentError(_WITHOUT) from e
    return signers
