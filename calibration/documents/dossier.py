"""Everything a document is made of. The same dossier gives the same bytes, on every machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from calibration import compute, procedure, record
from calibration.compute import RunResult
from calibration.documents.errors import DocumentError
from calibration.exact import CalculationError
from calibration.procedure import Procedure
from calibration.record import Change, Record, State
from calibration.register.lab import Lab
from calibration.selftest import Check


@dataclass(frozen=True, slots=True)
class Dossier:
    """A record as it was issued, with what its documents print beside it.

    ``chain_head`` is the ledger's last hash when the document is made; ``logo`` the bytes of PNG, JPEG or SVG.
    """

    record: Record
    procedure: Procedure
    procedure_text: str
    results: Mapping[str, RunResult]
    lab: Lab
    chain_head: str = ""
    logo: bytes = b""
    selftest: tuple[Check, ...] = field(default=(), repr=False)

    @property
    def sha256(self) -> str:
        """The hash of the record, which is that of the JSON the documents carry."""
        return record.sha256(self.record)

    @property
    def number(self) -> str:
        """The unique identification: id, and the revision from the second on."""
        return self.record.id if self.record.rev == 1 else f"{self.record.id} rev. {self.record.rev}"

    @property
    def customer(self) -> str:
        return self.record.customer or self.lab.customer

    @property
    def place(self) -> str:
        return self.record.place or self.lab.place

    @property
    def issued(self) -> str:
        """When it was released; empty before."""
        step = self.step("released")
        return step.by.at if step else ""

    @property
    def dated(self) -> datetime:
        """The document's own date: of its last step, else of the work; 1970 for a record without any."""
        stamps = [change.by.at for change in reversed(self.record.history)] + [self.record.end, self.record.begin]
        return moment(next((stamp for stamp in stamps if stamp), "1970-01-01"))

    @property
    def link(self) -> str:
        """What the QR code says: where the record is, and the first half of its hash."""
        place = self.lab.server_url.rstrip("/")
        start = f"{place}/cal/" if place else "labwire:cal/"
        return f"{start}{self.record.id}#{self.sha256[:32]}"

    def step(self, state: State) -> Change | None:
        """The last time the record came into ``state``."""
        return next((change for change in reversed(self.record.history) if change.state == state), None)


def assemble(
    made: Record,
    procedure_text: str,
    lab: Lab,
    *,
    chain_head: str = "",
    logo: bytes = b"",
    selftest: tuple[Check, ...] = (),
) -> Dossier:
    """A dossier with the results computed from the raw readings. Raises DocumentError."""
    if made.procedure.sha256 and made.procedure.sha256 != procedure.sha256(procedure_text):
        raise DocumentError("this is not the procedure the record was made with: its hash differs")
    try:
        rules = procedure.read(procedure_text)
        results = compute.compute(made, rules)
    except (procedure.ProcedureError, CalculationError) as e:
        raise DocumentError(str(e)) from e
    issued = record.issued(made)
    return Dossier(issued, rules, procedure_text, results, lab, chain_head, logo, selftest)


def moment(stamp: str) -> datetime:
    """A stamp of a record; UTC where it names no zone."""
    found = datetime.fromisoformat(stamp)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
