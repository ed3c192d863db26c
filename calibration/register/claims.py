"""What documents say beside what the record gives: every error and its U, computed again from the raw readings."""

import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import BytesIO

from calibration import procedure, record
from calibration.compute import RunResult, compute
from calibration.exact import CalculationError
from calibration.procedure import Procedure, ProcedureError
from calibration.record import Record, RecordError
from calibration.register.verify import Finding

RECORD, DCC, PROCEDURE = "record.json", "dcc.xml", "procedure.toml"
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?![\w])")


def attached(pdf: bytes) -> dict[str, bytes]:
    """The files in a PDF by name. Raises RecordError for one that cannot be read."""
    from pypdf import PdfReader

    try:
        found = PdfReader(BytesIO(pdf)).attachments
        return {name: contents[0] for name, contents in found.items()}
    except _unreadable() as e:
        raise RecordError(f"this is not a PDF that can be read: {e}") from e


def _unreadable() -> tuple[type[Exception], ...]:
    """What the library says of a file that somebody bent."""
    from pypdf.errors import PyPdfError

    wrong = (LookupError, TypeError, AttributeError, ArithmeticError, NotImplementedError, RecursionError)
    return (PyPdfError, ValueError, OSError, EOFError, zlib.error, struct.error, *wrong)


def text(pdf: bytes) -> str:
    """What stands on the pages of a PDF, numbers with a point. Raises RecordError for one that cannot be read."""
    from pypdf import PdfReader

    try:
        return "\n".join(_plain(page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages)
    except _unreadable() as e:
        raise RecordError(f"the pages of this PDF cannot be read: {e}") from e


def numbers(of: str) -> list[Decimal]:
    """The numbers in a text."""
    return [Decimal(n) for n in _NUMBER.findall(of)]


def _plain(page: str) -> str:
    """A page's numbers as every program writes them: its minus and its decimal comma are German or typography."""
    return re.sub(r"(?<=\d),(?=\d)", ".", page.replace("\u2212", "-"))


def lacking(said: Iterable[Decimal], results: Mapping[str, RunResult]) -> list[str]:
    """What the results have and a document does not say, to half a unit of its last printed place."""
    have = list(said)
    wanted = Counter(n for run in results.values() for p in run.points for n in (p.printed.y, p.printed.U))
    return [numeral for numeral, times in wanted.items() if _count(have, numeral) < times]


def _count(have: list[Decimal], numeral: str) -> int:
    value = Decimal(numeral)
    half = Decimal((0, (5,), int(value.as_tuple().exponent) - 1))
    return sum(abs(number - value) <= half for number in have)


def parts(files: Mapping[str, bytes]) -> tuple[Record, Procedure, str]:
    """The record and the procedure that travel together. Raises RecordError, one sentence."""
    missing = [name for name in (RECORD, PROCEDURE) if name not in files]
    if missing:
        raise RecordError(f"it does not carry {' and '.join(missing)}")
    made = record.read(files[RECORD])
    if record.write(made) != files[RECORD]:
        raise RecordError(f"{RECORD} is not in the form it was written in")
    rules = files[PROCEDURE].decode(errors="replace")
    if procedure.sha256(rules) != made.procedure.sha256:
        raise RecordError(f"{PROCEDURE} is not the procedure the record was made with: its hash differs")
    try:
        return made, procedure.read(rules), rules
    except ProcedureError as e:
        raise RecordError(f"{PROCEDURE}: {e}") from e


def compared(made: Record, rules: Procedure, documents: Mapping[str, str]) -> list[Finding]:
    """Every document (name → its text) beside the results."""
    try:
        results = compute(made, rules)
    except CalculationError as e:
        return [Finding(False, f"{made.id}: nothing can be computed: {e}")]
    return [_compared(name, said, results) for name, said in documents.items()]


def _compared(name: str, said: str, results: Mapping[str, RunResult]) -> Finding:
    wrong = lacking(numbers(said), results)
    if wrong:
        return Finding(False, f"{name} does not say what the readings give: {', '.join(wrong[:5])} is not there", name)
    count = sum(len(run.points) for run in results.values())
    return Finding(True, f"{name} says what the readings give: error and U of {count} points", name)
