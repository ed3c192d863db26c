"""From a finished run to its record. Pure."""

import msgspec

from calibration import procedure as procedures
from calibration.live.forms import ROOM_UNITS, labelled
from calibration.live.plan import Setup, curve_kind, visits
from calibration.live.progress import Progress, Tally
from calibration.procedure import Procedure
from calibration.record import Item, Person, ProcedureRef, Record, RunData, Span, advance, numeral

PLACES = 6


def record(procedure: Procedure, setup: Setup, progress: Progress, number: str) -> Record:
    """A draft with everything that was read. Raises RecordError, ValueError for a run without readings."""
    return Record(
        schema="labwire.calibration/1",
        id=number,
        procedure=ProcedureRef(id=procedure.id, rev=procedure.rev, sha256=procedures.sha256(setup.procedure)),
        item=_item(setup, progress),
        customer=setup.customer,
        laboratory=setup.laboratory,
        place=setup.place,
        begin=setup.begin,
        end=progress.end,
        standards=setup.standards,
        environment={name: _span(name, tally) for name, tally in progress.room.items()},
        as_found=_as_found(setup, progress),
        as_left=_as_left(procedure, progress),
        adjustment=_adjustment(procedure, progress),
        answers={**setup.remarks, **labelled(procedure, setup, progress.answers)},
        deviations=[*setup.deviations, *progress.deviations, *_missed(procedure, progress)],
    )


def performed(draft: Record, progress: Progress) -> Record:
    """By who finished it, together with whoever else took a hand in it. Raises RecordError."""
    *others, last = progress.people or [Person(name="")]
    names = ", ".join(p.name for p in others if p.name)
    by = Person(name=last.name, at=progress.end, authenticated=last.authenticated)
    return advance(draft, "performed", by, f"together with {names}" if names else "")


def _item(setup: Setup, progress: Progress) -> Item:
    serial = progress.answers.get("serial", "")
    return msgspec.structs.replace(setup.item, serial=serial) if serial else setup.item


def _as_found(setup: Setup, progress: Progress) -> RunData | None:
    if not progress.as_found:
        return None
    eccentric = progress.eccentric.get("as_found")
    return RunData(points=progress.as_found, eccentricity=eccentric, applied=setup.applied)


def _as_left(procedure: Procedure, progress: Progress) -> RunData | None:
    """The readings are raw: either the fitted curve was in force, or the instrument itself was adjusted."""
    if not progress.as_left:
        return None
    eccentric = progress.eccentric.get("as_left")
    return RunData(points=progress.as_left, eccentricity=eccentric, fitted=curve_kind(procedure))


def _adjustment(procedure: Procedure, progress: Progress) -> str:
    if progress.adjusted != "yes":
        return ""
    return "the fitted curve put in force" if curve_kind(procedure) else progress.adjustment or "adjusted"


def _span(name: str, tally: Tally) -> Span:
    low, mean, high = (f"{value:.{PLACES}g}" for value in (tally.min, tally.total / tally.n, tally.max))
    return Span(min=numeral(low), mean=numeral(mean), max=numeral(high), unit=ROOM_UNITS.get(name, ""))


def _missed(procedure: Procedure, progress: Progress) -> list[str]:
    """Visits of a part that was begun and that have no readings; each skip has said its reason already."""
    found = []
    for part, points in (("as_found", progress.as_found), ("as_left", progress.as_left)):
        wanted = len(visits(procedure, "as_found" if part == "as_found" else "as_left", progress.adjusted))
        if points and len(points) < wanted:
            found.append(f"{part.replace('_', ' ')}: {wanted - len(points)} of {wanted} visits were not made")
    return found
