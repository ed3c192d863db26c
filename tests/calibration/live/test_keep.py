"""Runs on disk."""

from pathlib import Path

import pytest

from calibration.live.keep import Keep, KeepError
from calibration.live.machine import Machine
from tests.calibration.live.bench import bench


def kept(folder: Path) -> Keep:
    work = bench()
    work.does("next")
    work.does("next")
    work.until("reading")
    work.second()
    work.second()
    keep = Keep(folder)
    keep.save(work.machine.snapshot)
    assert keep.load("r1") == work.machine.snapshot
    return keep


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    keep = kept(tmp_path)
    assert keep.runs() == ["r1"]
    assert Machine(keep.load("r1")).progress.readings
    assert [p.name for p in keep.folder.iterdir()] == ["r1.json"]


def test_a_half_written_file_leaves_the_old_one(tmp_path: Path) -> None:
    keep = kept(tmp_path)
    (keep.folder / "r1.new").write_bytes(b'{"v":1,"set')
    assert keep.load("r1").setup.run == "r1"
    assert keep.runs() == ["r1"]


@pytest.mark.parametrize(
    ("name", "why"), [("r2", "there is no run r2"), ("../x", "not the name"), ("", "not the name")]
)
def test_what_is_not_there(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(KeepError, match=why):
        kept(tmp_path).load(name)


def test_what_is_no_snapshot(tmp_path: Path) -> None:
    keep = kept(tmp_path)
    (keep.folder / "r1.json").write_text("{}")
    with pytest.raises(KeepError, match="this is no snapshot of a run"):
        keep.load("r1")


def test_one_program_hosts_a_run(tmp_path: Path) -> None:
    keep = kept(tmp_path)
    with keep.owning("r1"):
        with pytest.raises(KeepError, match="another program"), Keep(tmp_path).owning("r1"):
            pass
        with Keep(tmp_path).owning("r2"):
            pass
    with keep.owning("r1"):
        pass


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    work = bench()
    (tmp_path / "runs").write_text("a file in the way")
    with pytest.raises(KeepError, match="cannot be written"):
        Keep(tmp_path).save(work.machine.snapshot)
