from pathlib import Path

import pytest

from calibration.documents import fonts
from calibration.documents.errors import DocumentError


def test_this_installation_has_them() -> None:
    found = fonts.find()
    assert found.regular.stat().st_size > 500_000
    assert found.bold.stat().st_size > 500_000


def test_both_are_needed_from_the_same_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        (folder / fonts.REGULAR).touch()
    (second / fonts.BOLD).touch()
    assert fonts.find((first, second)).regular == second / fonts.REGULAR


def test_without_them_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="make setup"):
        fonts.find((tmp_path,))
