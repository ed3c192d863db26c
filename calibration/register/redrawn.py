"""A released record in its register: its documents say what the readings give, and are drawn again byte for byte."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import PurePosixPath

from broker.config import ConfigError, parse
from calibration import chain, record, selftest
from calibration.record import Record, RecordError
from calibration.register.claims import RECORD, attached, compared, text
from calibration.register.errors import RegisterError
from calibration.register.folder import sha256
from calibration.register.lab import Lab
from calibration.register.lone import documents, signatures
from calibration.register.papers import Kind, content, revisions
from calibration.register.register import Register
from calibration.register.rendering import Render, rendered
from calibration.register.verify import Finding


def of_record(register: Register, id: str, render: Render = rendered) -> list[Finding]:  # noqa: A002
    """Every revision of a record that was released. Raises RegisterError."""
    found = []
    for rev in revisions(register.folder, id):
        made = register.record(id, rev)
        if made.files:
            found += [*_said(register, made), *_again(register, made, render)]
    return found


def _said(register: Register, made: Record) -> Iterator[Finding]:
    rules, _ = register.procedure(made.procedure.sha256)
    said = {}
    for name, data in documents(register, made).items():
        try:
            said[f"{made.id} {name}"] = text(data) if name.endswith(".pdf") else data.decode(errors="replace")
            yield from _carried(name, data, made)
            yield from signatures(name, data)
        except RecordError as e:
            yield Finding(False, f"{made.id} {name}: {e}")
    yield from compared(made, rules, said)


def _carried(name: str, data: bytes, made: Record) -> Iterator[Finding]:
    if name.endswith(".pdf") and attached(data).get(RECORD) != record.write(record.issued(made)):
        yield Finding(False, f"{made.id} {name} carries another record than the one in the register")


def _again(register: Register, made: Record, render: Render) -> Iterator[Finding]:
    """Only the software that drew a document can be asked for the same bytes again."""
    drew = made.software.get("version", "")
    if drew != version("labwire"):
        yield Finding(True, f"{made.id} was drawn by labwire {drew}: not drawn again by {version('labwire')}")
        return
    try:
        papers = _drawn(register, made, render)
    except RegisterError as e:
        yield Finding(False, str(e))
        return
    different = sorted(kind for kind, data in papers.items() if not _same(register, made, kind, data))
    if different:
        yield Finding(
            False, f"{made.id} revision {made.rev}: drawn again, {', '.join(different)} is not what was issued"
        )
    else:
        yield Finding(True, f"{made.id} revision {made.rev}: drawn again, all documents are the same byte for byte")


def _drawn(register: Register, made: Record, render: Render) -> Mapping[Kind, bytes]:
    _, rules = register.procedure(made.procedure.sha256)
    entries = register.entries()
    release = next(e for e in entries if (e.event, e.id, e.rev) == ("released", made.id, made.rev))
    lab, logo = _lab_then(register, entries[: release.seq])
    checks = tuple(selftest.run())
    return render(record.issued(made), rules, lab, release.prev, logo, checks)


def _lab_then(register: Register, entries: list[chain.Entry]) -> tuple[Lab, bytes]:
    """The lab and its logo as they were."""
    kept = {entry.id: entry.record for entry in entries if entry.event == "lab"}
    texts = content(register.folder / "letterhead" / f"{kept['lab.toml']}.toml").decode(errors="replace")
    try:
        lab = parse(texts, Lab, "lab.toml")
    except ConfigError as e:
        raise RegisterError(str(e)) from e
    logo = PurePosixPath(lab.logo_file).as_posix() if lab.logo_file else ""
    data = content(register.folder / "letterhead" / f"{kept[logo]}{PurePosixPath(logo).suffix}") if logo else b""
    return lab, data


def _same(register: Register, made: Record, kind: Kind, data: bytes) -> bool:
    """A signature is added at the end: what stood there before is still the document's beginning."""
    if made.files.get(kind) == sha256(data):
        return True
    path = register.document(made.id, made.rev, kind)
    return path is not None and kind in ("certificate", "protocol") and content(path).startswith(data)
