"""CPU time of a calibration's documents, against the promise of 0.4 s for two pages."""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from calibration import record
from calibration.documents.dossier import Dossier, assemble
from calibration.register import lab as labs

PROMISE_S = 0.4
SAMPLES = Path(__file__).parents[1] / "docs/samples"
Work = Callable[[], bytes]


def sample(name: str) -> Dossier:
    """A sample of the documentation."""
    folder = SAMPLES / name
    made, own = record.read((folder / "record.json").read_bytes()), labs.read(folder)
    text = (folder / "procedure.toml").read_text(encoding="utf-8")
    return assemble(made, text, own, logo=Path(own.logo_file).read_bytes())


def cpu_of(work: Work, rounds: int) -> float:
    """Median CPU time of this process, s."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def documents(d: Dossier) -> dict[str, Work]:
    from calibration.documents import csv, dcc, pdf

    drawn: dict[str, Work] = {
        "certificate": partial(pdf.render, "certificate", d, "de"),
        "protocol": partial(pdf.render, "protocol", d, "de"),
        "label": partial(pdf.render, "label", d, "de"),
    }
    return drawn | {"DCC": partial(dcc.render, d), "CSV": partial(csv.render, d)}


def pages(data: bytes) -> int:
    from pypdf import PdfReader

    return len(PdfReader(BytesIO(data)).pages) if data.startswith(b"%PDF") else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    start = time.process_time()
    from calibration.documents import pdf  # noqa: F401 - what is measured is that it is imported

    print(f"import of what draws: {time.process_time() - start:.2f} s\n")
    print(f"{'document':<22} {'pages':>5} {'kB':>6} {'CPU':>9}")
    slow = False
    for name in ("balance", "pt100"):
        for what, work in documents(sample(name)).items():
            data, took = work(), cpu_of(work, rounds)
            slow |= what == "certificate" and took > PROMISE_S
            print(f"{name + ' ' + what:<22} {pages(data) or '':>5} {len(data) / 1000:>6.0f} {took:>7.3f} s")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
