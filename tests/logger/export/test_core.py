import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from logger.export.ask import Ask, ExportError
from logger.export.core import begin
from logger.store import History
from tests.logger.export.support import export, lines, make, parquet
from tests.logger.support import TOPICS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_a_zip_has_a_file_for_each_instrument_and_a_manifest_that_fits(database: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(export(database, format="zip")))
    assert archive.testzip() is None
    assert archive.namelist() == ["oven1.csv", "vib1.csv", "manifest.json"]
    assert archive.read("oven1.csv").decode().splitlines() == lines(database, instruments=("oven1",))
    files = json.loads(archive.read("manifest.json"))["files"]
    for name, rows in (("oven1.csv", 3), ("vib1.csv", 40)):
        content = archive.read(name)
        assert files[name]["rows"] == rows == len(content.splitlines()) - 1
        assert (files[name]["bytes"], files[name]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert files["oven1.csv"]["columns"][4] == {"name": "temp", "type": "float", "unit": "°C"}


def test_a_zip_of_parquet(database: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(export(database, format="zip", inner="parquet", zone="Europe/Berlin")))
    table = parquet(archive.read("vib1.parquet"))
    assert table.num_rows == 40
    assert str(table.schema.field("time").type) == "timestamp[us, tz=Europe/Berlin]"
    assert table.column("time").cast("int64").to_pylist() == table.column("t_us").to_pylist()


def test_a_zip_of_steps_is_one_table(database: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(export(database, format="zip", every_us=10_000, excel="de")))
    assert archive.namelist() == ["table.csv", "manifest.json"]
    assert ";oven1.temp mean (°C);" in archive.read("table.csv").decode()


def test_parquet_carries_the_manifest(database: Path) -> None:
    table = parquet(export(database, format="parquet", instruments=("oven1",)))
    assert json.loads(table.schema.metadata[b"labwire"])["instruments"]["oven1"]["ledger"]["missing"] == 1


def test_nothing_in_a_time_is_a_table_without_rows(database: Path) -> None:
    assert len(lines(database, to_us=1000)) == 1
    assert parquet(export(database, format="parquet", to_us=1000)).num_rows == 0
    assert zipfile.ZipFile(io.BytesIO(export(database, format="zip", to_us=1000))).namelist()[-1] == "manifest.json"


def test_how_far_it_is(database: Path) -> None:
    with History(database) as history:
        found = begin(history, Ask(), TOPICS, 0)
        assert (found.name, found.media) == ("labwire-2-instruments-20261120T235959Z.csv", "text/csv; charset=utf-8")
        parts = list(found.parts)
    done = [p.done for p in parts]
    assert done == sorted(done)
    assert 0.95 < done[-1] <= 1.0
    assert (parts[-1].rows, parts[-1].what) == (43, "vib1")


def test_the_same_question_to_the_same_store_has_the_same_bytes(database: Path) -> None:
    for format_ in ("csv", "parquet", "zip"):
        assert export(database, format=format_) == export(database, format=format_)


def test_what_is_wrong_is_said_before_the_first_byte(database: Path) -> None:
    with History(database) as history, pytest.raises(ExportError):
        begin(history, Ask(every_us=1000, channels=("mode",)), TOPICS, 0)
