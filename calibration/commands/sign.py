"""``labwire cal sign``: a PAdES signature on a finished PDF; needs the extra ``sign``."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from calibration.commands import EXIT_OK, Wrong
from calibration.commands.common import content
from calibration.commands.documents import papers, write

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="PDF")
    parser.add_argument("--p12", type=Path, help="key and certificates, PKCS#12")
    parser.add_argument("--key", type=Path, help="key, PEM")
    parser.add_argument("--cert", type=Path, help="its certificate, PEM")
    parser.add_argument("--chain", type=Path, action="append", default=[], help="a certificate above it, PEM; repeat")
    parser.add_argument("--password-file", type=Path, help="of the key; else LABWIRE_SIGN_PASSWORD, else none")
    parser.add_argument("--reason", default="", help="stands in the signature")
    parser.add_argument("--location", default="", help="stands in the signature")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: FILE-signed.pdf)")


def run(args: argparse.Namespace) -> int:
    """Raises Wrong."""
    from calibration.documents import sign

    with papers(str(args.file)):
        signed = sign.sign(content(args.file), _signer(args), reason=args.reason, location=args.location)
    write(signed, args, f"{args.file.with_suffix('')}-signed.pdf")
    return EXIT_OK


def _signer(args: argparse.Namespace) -> "SimpleSigner":
    from calibration.documents import sign

    if args.p12 and not (args.key or args.cert):
        return sign.load_p12(args.p12, _password(args))
    if args.key and args.cert and not args.p12:
        return sign.load_pem(args.key, args.cert, tuple(args.chain), _password(args))
    raise Wrong("who signs? Either --p12 FILE, or --key FILE and --cert FILE")


def _password(args: argparse.Namespace) -> bytes | None:
    if args.password_file:
        return content(args.password_file).rstrip(b"\r\n")
    given = os.environ.get("LABWIRE_SIGN_PASSWORD")
    return given.encode() if given else None
