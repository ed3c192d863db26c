"""From a reviewed record to a released one: computed, with its documents, in the chain; the revision before superseded.

All of it is one change of the folder.
"""

import dataclasses
from importlib.metadata import version
from pathlib import Path

import msgspec

from calibration import selftest
from calibration.compute import compute
from calibration.exact import CalculationError
from calibration.procedure import Procedure
from calibration.record import Person, Record, RecordError, advance
from calibration.register import saving
from calibration.register.errors import RegisterError
from calibration.register.folder import Step, sha256
from calibration.register.life import stamped
from calibration.register.papers import content, file_name, revisions
from calibration.register.register import Register
from calibration.register.rendering import Render, rendered
from calibration.suitable import refused


def release(register: Register, id: str, by: Person, render: Render = rendered) -> Record:  # noqa: A002
    """Release the latest revision of a record, with the documents ``render`` makes. Raises RegisterError."""
    by = stamped(register, by)
    if not by.authenticated:
        raise RegisterError(
            f"{by.name} is not authenticated: a release needs LABWIRE_TOKEN_FILE, a token of the bridge"
        )
    with register.files.writing():
        register.reload_lab()
        reviewed = register.record(id)
        rules, text = register.procedure(reviewed.procedure.sha256)
        released = _advanced(register, reviewed, by)
        _check(register, released, rules)
        checks = _checks()
        register.keep_lab(by)
        released = msgspec.structs.replace(released, software=_software(checks))
        papers = render(released, text, register.lab, register.head, _logo(register), checks)
        done = msgspec.structs.replace(released, files={kind: sha256(data) for kind, data in papers.items()})
        also = {f"records/{id}/{file_name(done.rev, kind)}": data for kind, data in papers.items()}
        register.files.commit([_filed(register, done, by, also), *_superseded(register, done, by)], by.at)
    return done


def _advanced(register: Register, reviewed: Record, by: Person) -> Record:
    try:
        return advance(reviewed, "released", by, apart=register.lab.apart)
    except RecordError as e:
        raise RegisterError(f"{reviewed.id}: {e}") from e


def _check(register: Register, record: Record, rules: Procedure) -> None:
    """Raises RegisterError with the first reason against it."""
    register.item(record.item.id)
    for standard in record.standards:
        if standard not in register.standard(standard.id).certificates:
            raise RegisterError(f"standard {standard.id} is not in the register with the certificate {record.id} has")
    for reason in refused(record, rules, strict=True):
        raise RegisterError(reason)
    missing = [ask for ask in rules.asks if not record.answers.get(ask, "").strip()]
    if missing:
        raise RegisterError(f"{record.id} does not say: {', '.join(missing)}")
    try:
        compute(record, rules)
    except CalculationError as e:
        raise RegisterError(f"{record.id}: {e}") from e


def _checks() -> tuple[selftest.Check, ...]:
    """The published numbers, computed here and now: software that misses one releases nothing."""
    checks = tuple(selftest.run())
    wrong = [check for check in checks if not check.passed]
    if wrong:
        raise RegisterError(f"{len(wrong)} published numbers are not reproduced here: labwire cal selftest")
    return checks


def _software(checks: tuple[selftest.Check, ...]) -> dict[str, str]:
    return {"name": "labwire", "version": version("labwire"), "selftest": f"{len(checks)} of {len(checks)}"}


def _logo(register: Register) -> bytes:
    return content(Path(register.lab.logo_file)) if register.lab.logo_file else b""


def _filed(register: Register, done: Record, by: Person, also: dict[str, bytes]) -> Step:
    (step,) = saving.steps(register, done, "released", by)
    return dataclasses.replace(step, also={**step.also, **also})


def _superseded(register: Register, done: Record, by: Person) -> list[Step]:
    """Earlier revisions that were still in force."""
    steps = []
    for rev in revisions(register.folder, done.id):
        old = register.record(done.id, rev)
        if rev < done.rev and old.state == "released":
            ended = advance(old, "superseded", by, f"revision {done.rev}")
            steps += saving.steps(register, ended, "superseded", by)
    return steps
