"""The signed form of a document takes its place in the register: what was issued, with a signature at its end."""

import dataclasses

import msgspec

from calibration.record import Person, Record
from calibration.register import saving
from calibration.register.errors import RegisterError
from calibration.register.folder import sha256
from calibration.register.life import stamped
from calibration.register.lone import signatures
from calibration.register.papers import Kind, content, file_name
from calibration.register.register import Register

SIGNED: tuple[Kind, ...] = ("certificate", "protocol")


def keep(register: Register, id: str, data: bytes, by: Person) -> Record:  # noqa: A002
    """Keep ``data``, the signed certificate or protocol of a released record. Raises RegisterError."""
    by = stamped(register, by)
    with register.files.writing():
        made = register.record(id)
        if made.state != "released":
            raise RegisterError(f"{id} is {made.state}: only what is released is signed")
        kind = _which(register, made, data)
        found = signatures("the file", data)
        wrong = next((finding.text for finding in found if not finding.ok), "" if found else "the file is not signed")
        if wrong:
            raise RegisterError(wrong)
        done = msgspec.structs.replace(made, files={**made.files, kind: sha256(data)})
        (step,) = saving.steps(register, done, "signed", by)
        also = {**step.also, f"records/{id}/{file_name(made.rev, kind)}": data}
        register.files.commit([dataclasses.replace(step, also=also)], by.at)
    return done


def _which(register: Register, made: Record, data: bytes) -> Kind:
    """Nothing of what was issued is lost: the signed form begins with it."""
    for kind in SIGNED:
        path = register.document(made.id, made.rev, kind)
        if path is not None and data.startswith(content(path)):
            return kind
    raise RegisterError(f"the file does not begin with a document of {made.id} revision {made.rev}")
