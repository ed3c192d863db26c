"""Ten million samples leave the store in as little memory as a thousand do."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.logger.support import block, open_store, write

CHANNELS, ROWS, BLOCK = 10, 1_000_000, 5_000
GROWTH_MB = 80
"""What a row group, its compression and the allocator may take beyond an export of one block; all rows are 80 MB a
column group of doubles, and several hundred MB as text."""

_MEASURED = (
    "import resource, sys; from logger.__main__ import main; code = main(sys.argv[1:]);"
    " print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr); sys.exit(code)"
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    store = open_store(folder)
    noise = np.random.default_rng(1).integers(-100, 100, (CHANNELS, BLOCK)) / 64
    for k in range(ROWS // BLOCK):
        write(store, block(k * BLOCK, BLOCK, {f"c{j}": (noise[j] + k).tolist() for j in range(CHANNELS)}))
    store.close()
    return folder / "labwire.db"


def peak_mb(database: Path, out: Path, *args: str) -> int:
    """The most memory an export takes, in a process of its own."""
    command = [sys.executable, "-c", _MEASURED, "export", "--db", str(database), "-o", str(out), *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


@pytest.mark.parametrize("format_", ["csv", "parquet", "zip"])
def test_ten_million_samples_in_bounded_memory(database: Path, tmp_path: Path, format_: str) -> None:
    out = tmp_path / f"all.{format_}"
    first = peak_mb(database, tmp_path / f"some.{format_}", "--to", "2026-11-20T23:59:59.500Z")
    everything = peak_mb(database, out)
    print(
        f"{format_}: {first} MB for 500 rows, {everything} MB for {ROWS} rows of {CHANNELS}; {out.stat().st_size} bytes"
    )
    assert everything < first + GROWTH_MB
    assert out.stat().st_size > ROWS * CHANNELS // 2
