"""A document on its own: what it carries, whether that fits together, and whether a register knows it."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from calibration import record
from calibration.record import Record, RecordError
from calibration.register.claims import DCC, attached, compared, parts, text
from calibration.register.errors import RegisterError
from calibration.register.intact import damage
from calibration.register.papers import content, revisions
from calibration.register.register import Register
from calibration.register.verify import Finding


def check(path: Path, register: Register | None) -> list[Finding]:
    """Findings of a PDF, or of a record as JSON; with ``register`` also whether it is the one kept there.

    Raises RegisterError for a file that is neither.
    """
    data = content(path)
    try:
        if data.startswith(b"%PDF-"):
            return _pdf(path.name, data, register)
        if not data.lstrip().startswith(b"{"):
            return [_other(path.name, data, register)]
        made = record.read(data)
    except RecordError as e:
        return [Finding(False, f"{path.name}: {e}")]
    if register is None:
        raise RegisterError(f"{path.name} is a record without its procedure: say --dir, the register it belongs to")
    return _known(path.name, data, made, register)


def _other(name: str, data: bytes, register: Register | None) -> Finding:
    """A DCC, a CSV or a certificate of a firm: whether the register has it. Raises RegisterError without one."""
    if register is None:
        raise RegisterError(f"{name} says nothing of where it comes from: say --dir, the register it belongs to")
    for path in sorted(register.folder.rglob("*")):
        if path.is_file() and path.stat().st_size == len(data) and content(path) == data:
            return Finding(True, f"{name} is {path.relative_to(register.folder)} of {register.folder}")
    return Finding(False, f"{name} is in {register.folder} nowhere")


def _pdf(name: str, data: bytes, register: Register | None) -> list[Finding]:
    files = attached(data)
    made, rules, _ = parts(files)
    said = {f"the text of {name}": text(data)}
    if DCC in files:
        said |= {f"{DCC} in {name}": files[DCC].decode(errors="replace")}
    found = [
        _bytes(name, data),
        _carried(name, made),
        _printed(name, made, said),
        *compared(made, rules, said),
        *signatures(name, data),
    ]
    return [*found, *(_known(name, data, made, register) if register else [_alone(name)])]


def _bytes(name: str, data: bytes) -> Finding:
    wrong = damage(data)
    return Finding(not wrong, f"{name} is damaged: {wrong}" if wrong else f"{name} is byte for byte as it was drawn")


def _printed(name: str, made: Record, said: Mapping[str, str]) -> Finding:
    """The hash on the paper is that of the record it carries."""
    page = next(iter(said.values())).replace("\n", "")
    known = record.sha256(made) in page
    return Finding(
        known, f"{name} prints {'the' if known else 'another'} hash {'of' if known else 'than that of'} its record"
    )


def _carried(name: str, made: Record) -> Finding:
    who = next((c.by.name for c in reversed(made.history) if c.state == "released"), "")
    by = f", released by {who}" if who else ", which nobody has released"
    return Finding(bool(who), f"{name} carries {made.id} revision {made.rev}, sha256 {record.sha256(made)}{by}")


def _alone(name: str) -> Finding:
    return Finding(True, f"{name} was looked at alone: only its register knows whether it is the one that was issued")


def _known(name: str, data: bytes, made: Record, register: Register) -> list[Finding]:
    """Whether the register has this very file, and whether it still holds."""
    if made.rev not in revisions(register.folder, made.id):
        return [Finding(False, f"{made.id} revision {made.rev} is not in {register.folder}")]
    kept = register.record(made.id, made.rev)
    issued = _issued(register, kept)
    if data in issued:
        found = [Finding(True, f"{name} is in {register.folder} as it was issued")]
    elif any(data.startswith(one) for one in issued if one.startswith(b"%PDF-")):
        found = [Finding(True, f"{name} is what was issued, with something added at its end: a signature")]
    else:
        return [Finding(False, f"{name} is not the file that was issued as {made.id} revision {made.rev}")]
    if kept.state in ("superseded", "withdrawn"):
        found.append(Finding(False, f"{made.id} revision {made.rev} is {kept.state}: it holds no longer"))
    return found


def _issued(register: Register, kept: Record) -> list[bytes]:
    """Every file of a revision: its documents, those a signed one replaced, and the record in both forms."""
    place = register.folder / "records" / kept.id
    files = [content(path) for path in place.rglob("*") if path.is_file()]
    return [*files, record.write(record.issued(kept))]


def signatures(name: str, data: bytes) -> list[Finding]:
    """Whether a signed PDF was changed since, where pyHanko is there; who trusts the signer is not asked."""
    if b"/ByteRange" not in data:
        return []
    if find_spec("pyhanko") is None:
        return [Finding(True, f"{name} is signed; to check that: pip install 'labwire[sign]'")]
    from calibration.documents.errors import DocumentError
    from calibration.documents.sign import check as signed

    try:
        found = [Finding(s.good, f"the signature of {s.signer} is {_state(s.good)}") for s in signed(data)]
    except DocumentError as e:
        return [Finding(False, f"{name}: {e}")]
    return found or [Finding(False, f"{name} has a trace of a signature, and none that can be read")]


def _state(good: bool) -> str:
    return "intact" if good else "broken: something was changed after it"


def documents(register: Register, made: Record) -> Mapping[str, bytes]:
    """The documents of a released record by file name."""
    paths = [register.document(made.id, made.rev, kind) for kind in ("certificate", "protocol", "dcc", "csv")]
    return {path.name: content(path) for path in paths if path is not None}
