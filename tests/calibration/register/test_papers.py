from pathlib import Path

import pytest

from calibration.register import KINDS, RegisterError
from calibration.register.papers import content, file_name, folder_of, revisions


def test_each_kind_has_a_name_of_its_own() -> None:
    assert sorted({file_name(2, kind) for kind in KINDS}) == [
        "r2-certificate.pdf",
        "r2-protocol.pdf",
        "r2.csv",
        "r2.xml",
    ]
    with pytest.raises(RegisterError, match="there are certificate, protocol, dcc, csv"):
        file_name(1, "label")  # type: ignore[arg-type]


def test_revisions_are_counted_as_numbers(tmp_path: Path) -> None:
    place = tmp_path / "records" / "K-1"
    place.mkdir(parents=True)
    for name in ("r10.json", "r2.json", "r1.json", "r1.xml", "r0.json", "rx.json", "r01.json"):
        (place / name).touch()
    assert revisions(tmp_path, "K-1") == [1, 2, 10]
    assert revisions(tmp_path, "K-2") == []
    assert folder_of(tmp_path) == [place]
    assert folder_of(place) == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="cannot be read"):
        content(tmp_path / "x")
