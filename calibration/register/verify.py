"""Whether a register's folder is as it was written: the chain, every file in it, and what the documents say.

Nothing here is repaired. Findings are in the order a person would look: the chain, the files, the contents.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from calibration import chain, record
from calibration.record import Record, RecordError
from calibration.register.errors import RegisterError
from calibration.register.folder import HEAD, LEDGER, PENDING, Folder, sha256
from calibration.register.lab import FILE as LAB
from calibration.register.papers import KINDS, Kind, file_name
from calibration.register.register import CHECKS, EVENTS, REGISTERED

KEPT = ("records", "procedures", "certificates", "letterhead")
"""Folders in which everything is in the chain."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence. ``path`` is what it is about, in the folder; "" for all of it."""

    ok: bool
    text: str
    path: str = ""


@dataclass
class _Expected:
    """What the chain says should be there."""

    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    records: dict[tuple[str, int], list[chain.Entry]] = field(default_factory=lambda: defaultdict(list))


def folder(path: Path) -> list[Finding]:
    """Everything that is wrong in a register, or one finding that nothing is. Raises RegisterError if it is none."""
    if not (path / LEDGER).is_file():
        raise RegisterError(f"{path} has no {LEDGER}: it is no register of calibrations")
    files = Folder(path)
    with files.reading():
        return _folder(path, files)


def _folder(path: Path, files: Folder) -> list[Finding]:
    try:
        entries = chain.read((files.read(LEDGER) or b"").splitlines(keepends=True), head=files.head())
    except chain.ChainError as e:
        return [Finding(False, f"{LEDGER}: {e}", LEDGER), *_whole_head(files)]
    expected = _expected(entries)
    wrong = [*_interrupted(files), *_whole_head(files), *_lines(files, expected), *_records(files, expected)]
    wrong += [*_files(path, expected.files), *_strangers(path, expected.files)]
    count = f"{len(entries)} entries and {len(expected.files)} files are as they were written"
    return wrong or [Finding(True, f"{count}; the chain ends with {files.head()}")]


def anchored(path: Path, head: str) -> Finding:
    """Whether ``head``, as somebody else kept it, is still in the chain: what came before it was not changed."""
    known = {chain.START: -1}
    try:
        known |= {entry.hash: entry.seq for entry in chain.read(Folder(path).ledger())}
    except chain.ChainError as e:
        return Finding(False, f"{LEDGER}: {e}", LEDGER)
    wanted = head.strip().lower()
    if wanted not in known:
        return Finding(False, f"no entry of the chain has the hash {head}: it was cut or made anew since", LEDGER)
    return Finding(True, f"{known[wanted] + 1} entries were made up to this hash, and are as they were")


def _interrupted(files: Folder) -> Iterator[Finding]:
    if files.read(PENDING) is not None:
        yield Finding(
            False, f"{PENDING}: a change was interrupted; the next one that is made finishes it first", PENDING
        )


def _whole_head(files: Folder) -> Iterator[Finding]:
    if files.read(HEAD) != files.head().encode() + b"\n":
        yield Finding(False, f"{HEAD} is not in the form it was written in", HEAD)
    ledger = files.read(LEDGER) or b""
    if ledger and not ledger.endswith(b"\n"):
        yield Finding(False, f"{LEDGER} does not end with a line", LEDGER)


def _expected(entries: Iterable[chain.Entry]) -> _Expected:
    found = _Expected()
    for entry in entries:
        match entry.event:
            case "procedure":
                found.files[f"procedures/{entry.record}.toml"] = entry.record
            case "certificate":
                found.files[f"certificates/{entry.record}.pdf"] = entry.record
            case "lab":
                found.files[f"letterhead/{entry.record}{PurePosixPath(entry.id).suffix}"] = entry.record
                found.files[entry.id] = entry.record
            case "check":
                found.lines[CHECKS].append(entry.record)
            case event if event in REGISTERED:
                found.lines[EVENTS].append(entry.record)
            case _:
                found.records[entry.id, entry.rev].append(entry)
    return found


def _lines(files: Folder, expected: _Expected) -> Iterator[Finding]:
    for name in (EVENTS, CHECKS):
        lines = (files.read(name) or b"").splitlines(keepends=True)
        wanted = expected.lines[name]
        for number, (line, hash_) in enumerate(zip(lines, wanted, strict=False), 1):
            if sha256(line.removesuffix(b"\n")) != hash_ or not line.endswith(b"\n"):
                yield Finding(False, f"{name}: line {number} was changed", name)
        if len(lines) != len(wanted):
            yield Finding(False, f"{name} has {len(lines)} lines, the chain has {len(wanted)}", name)


def _records(files: Folder, expected: _Expected) -> Iterator[Finding]:
    """Enters what each record brings with it into ``expected``."""
    for (id_, rev), entries in expected.records.items():
        place = f"records/{id_}"
        current = f"{place}/r{rev}.json"
        expected.files[current] = entries[-1].record
        for entry in entries[:-1]:
            expected.files[f"{place}/kept/{entry.record}.json"] = entry.record
        try:
            made = record.read(files.read(current) or b"")
        except RecordError:
            continue  # its file is not what it was: that is a finding of its own
        expected.files |= {f"{place}/{file_name(rev, kind)}": made.files[kind] for kind in _kinds(made)}
        last = entries[-1]
        if (last.pdf, last.dcc) != (made.files.get("certificate", ""), made.files.get("dcc", "")):
            yield Finding(False, f"{current} and the chain name different documents", current)


def _kinds(made: Record) -> list[Kind]:
    return [kind for kind in KINDS if kind in made.files]


def _files(path: Path, expected: dict[str, str]) -> Iterator[Finding]:
    for name, hash_ in sorted(expected.items()):
        try:
            found = sha256((path / name).read_bytes())
        except OSError:
            yield Finding(False, f"{name} is missing", name)
            continue
        if found != hash_:
            hint = "; if that is right: labwire cal lab keep" if "/" not in name else ""
            yield Finding(False, f"{name} was changed since it was written into the chain{hint}", name)


def _strangers(path: Path, expected: dict[str, str]) -> Iterator[Finding]:
    for part in KEPT:
        for file in sorted((path / part).rglob("*")):
            name = file.relative_to(path).as_posix()
            if file.is_file() and name not in expected:
                yield Finding(False, f"{name} is in no entry of the chain", name)


def of_record(findings: Iterable[Finding], id: str, made: Record | None) -> list[Finding]:  # noqa: A002
    """What concerns one record: the chain, itself, and where it can be read its procedure and its standards' papers."""
    mine = {LEDGER, HEAD, PENDING, LAB}
    if made is not None:
        mine |= {f"certificates/{s.file_sha256}.pdf" for s in made.standards if s.file_sha256}
        mine.add(f"procedures/{made.procedure.sha256}.toml")
    return [f for f in findings if f.ok or f.path in mine or f.path.startswith(f"records/{id}/")]
