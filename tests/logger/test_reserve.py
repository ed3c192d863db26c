from pathlib import Path

from logger.reserve import FILE_NAME, Reserve


def test_it_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, 1 << 20)
    assert not reserve
    reserve.keep(10**12)
    assert (tmp_path / FILE_NAME).stat().st_blocks * 512 >= 1 << 20
    assert reserve.release()
    assert not reserve
    assert not reserve.release(), "there is none twice"


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path) -> None:
    Reserve(tmp_path, 1 << 20).keep(1 << 20)
    assert list(tmp_path.iterdir()) == []
