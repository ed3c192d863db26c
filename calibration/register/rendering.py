"""The documents of a record, drawn by ``calibration.documents``, which is imported only when one is made."""

from collections.abc import Callable, Mapping

from calibration.record import Record
from calibration.register.errors import RegisterError
from calibration.register.lab import Lab
from calibration.register.papers import Kind
from calibration.selftest import Check

Render = Callable[[Record, str, Lab, str, bytes, tuple[Check, ...]], Mapping[Kind, bytes]]
"""(record, text of its procedure, lab, head of the chain, logo, self-test) → documents."""


def rendered(
    record: Record, procedure: str, lab: Lab, head: str, logo: bytes, checks: tuple[Check, ...]
) -> dict[Kind, bytes]:
    """All four. Raises RegisterError with the reason why one cannot be made."""
    from calibration.documents.csv import render as csv
    from calibration.documents.dcc import render as dcc
    from calibration.documents.dossier import assemble
    from calibration.documents.errors import DocumentError
    from calibration.documents.pdf import render as pdf

    try:
        dossier = assemble(record, procedure, lab, chain_head=head, logo=logo, selftest=checks)
        return {
            "certificate": pdf("certificate", dossier, lab.language),
            "protocol": pdf("protocol", dossier, lab.language),
            "dcc": dcc(dossier),
            "csv": csv(dossier),
        }
    except DocumentError as e:
        raise RegisterError(f"the documents of {record.id} cannot be made: {e}") from e
