"""What the commands that make documents share: where a record comes from, and where its document goes."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calibration import record
from calibration.commands import Wrong, read_text
from calibration.commands.common import add_dir, content, folder, register, sentences
from calibration.documents.dossier import Dossier, assemble
from calibration.documents.errors import DocumentError
from calibration.documents.texts import LANGUAGES, Language
from calibration.record import Record, RecordError
from calibration.register import Register
from calibration.register import lab as labs
from calibration.register.lab import Lab
from calibration.register.papers import Kind


def add_source(parser: argparse.ArgumentParser) -> None:
    """A record of the register by its id, or files of one's own."""
    parser.add_argument("record", metavar="ID|FILE", help="a record of the register, or a record as JSON")
    parser.add_argument("--rev", type=int, help="a revision of the register's record (default: the latest)")
    parser.add_argument("-p", "--procedure", type=Path, help="of a FILE: the procedure it was made with, TOML")
    parser.add_argument("--lab", type=Path, help="of a FILE: the folder of lab.toml (default: the record's own)")
    parser.add_argument("--chain-head", default="", metavar="HASH", help="of a FILE: the ledger's head to be printed")
    add_dir(parser)


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """Where it goes, and in which language."""
    parser.add_argument("-o", "--output", type=Path, help=f"the file to write (default: {what}); - is standard output")
    parser.add_argument("--language", choices=LANGUAGES, help="default: the lab's")


def dossier(args: argparse.Namespace) -> Dossier:
    """What the document is made of. Raises Wrong."""
    return _of_file(Path(args.record), args) if _is_file(args) else _of_register(register(args), args)


def _is_file(args: argparse.Namespace) -> bool:
    """Raises Wrong for options that only a file has."""
    if Path(args.record).is_file():
        return True
    if args.procedure or args.lab:
        raise Wrong(f"{args.record} is not a file: --procedure and --lab are for a record as JSON")
    return False


def _of_file(path: Path, args: argparse.Namespace) -> Dossier:
    if args.procedure is None:
        raise Wrong(f"{path} is a record without its procedure: say --procedure FILE")
    lab = lab_in(args.lab or path.parent)
    try:
        made = record.read(content(path))
    except RecordError as e:
        raise Wrong(f"{path}: {e}") from e
    with papers(str(path)):
        return assemble(made, read_text(args.procedure), lab, chain_head=args.chain_head, logo=logo(lab))


def _of_register(kept: Register, args: argparse.Namespace) -> Dossier:
    with sentences():
        made = kept.record(args.record, args.rev)
        _, text = kept.procedure(made.procedure.sha256)
        head = issued_after(kept, made)
    with papers(made.id):
        return assemble(made, text, kept.lab, chain_head=head, logo=logo(kept.lab))


def stored(args: argparse.Namespace, kind: Kind) -> bytes | None:
    """The document as it was issued, where the register has it in the language that is asked for. Raises Wrong."""
    if _is_file(args):
        return None
    kept = register(args)
    with sentences():
        made = kept.record(args.record, args.rev)
        path = kept.document(made.id, made.rev, kind)
    if path is None or getattr(args, "language", None) not in (None, kept.lab.language):
        return None
    return content(path)


def issued_after(kept: Register, made: Record) -> str:
    """The head of the chain when the record was released; today's before that."""
    entries = kept.entries()
    released = [e for e in entries if (e.event, e.id, e.rev) == ("released", made.id, made.rev)]
    return released[-1].prev if released else kept.head


def lab_of(args: argparse.Namespace) -> tuple[Lab, bytes]:
    """The lab alone, with its logo: for what needs no record. Raises Wrong."""
    lab = lab_in(args.lab or folder(args))
    return lab, logo(lab)


def lab_in(place: Path) -> Lab:
    """``lab.toml`` of a folder. Raises Wrong."""
    with sentences():
        return labs.read(place)


def logo(lab: Lab) -> bytes:
    """The bytes of the lab's logo, if it has one. Raises Wrong."""
    return content(Path(lab.logo_file)) if lab.logo_file else b""


def language(args: argparse.Namespace, lab: Lab) -> Language:
    chosen: Language = args.language or lab.language
    return chosen


def write(data: bytes, args: argparse.Namespace, name: str) -> None:
    """To the file that was asked for, or ``name``. Raises Wrong."""
    if str(args.output) == "-":
        sys.stdout.buffer.write(data)
        return
    path = args.output or Path(name)
    try:
        path.write_bytes(data)
    except OSError as e:
        raise Wrong(f"{path} cannot be written: {e.strerror}") from e
    print(path)


@contextmanager
def papers(what: str) -> Iterator[None]:
    """A DocumentError becomes Wrong."""
    try:
        yield
    except DocumentError as e:
        raise Wrong(f"{what}: {e}") from e
