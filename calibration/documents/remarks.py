"""What the computation remarks, in the document's language; a sentence that is not known stays as it is."""

import re

from calibration.documents.dossier import Dossier
from calibration.documents.texts import Texts

_SENTENCES = {
    "correlated": re.compile(r"(?P<x>\S+): neighbouring samples are correlated; u is larger than s/√n"),
    "check": re.compile(
        r"(?P<x>\S+): the curve leaves an error of (?P<e>\S+) at this check point, more than (?P<limit>\S+)"
    ),
    "missing": re.compile(r"(?P<x>\S+): the procedure has this point, the record has not"),
    "one_way": re.compile(r"no point was visited up and down: the budget has no hysteresis"),
    "room": re.compile(
        r"(?P<name>\w+) was (?P<low>\S+) to (?P<high>\S+), the procedure allows (?P<least>\S+) to (?P<most>\S+)"
    ),
    "scatter": re.compile(r"(?P<x>\S+): scatter (?P<s>\S+) is more than (?P<limit>\S+)"),
}


def remarks(d: Dossier, t: Texts) -> list[str]:
    """The warnings of all runs, each once, with the run it belongs to where there are two."""
    found: dict[str, dict[str, None]] = {}
    for name, run in d.results.items():
        for warning in run.warnings:
            found.setdefault(warning, {})[name] = None
    every = len(d.results)
    return [
        translated(warning, t) + (f" ({t(next(iter(names)))})" if len(names) < every else "")
        for warning, names in found.items()
    ]


def translated(warning: str, t: Texts) -> str:
    for key, sentence in _SENTENCES.items():
        match = sentence.fullmatch(warning)
        if match:
            parts = match.groupdict()
            values = {k: t.known("room", v) if k == "name" else t.number(v) for k, v in parts.items()}
            return t(f"remark.{key}", **values)
    return warning
