import re
from pathlib import Path

import pytest

from calibration.register import Lab, RegisterError
from calibration.register.lab import FILE, TEMPLATE, read


def test_the_template_is_a_lab_and_names_every_key(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(TEMPLATE)
    lab = read(tmp_path)
    assert (lab.apart, lab.language, lab.number(2026, 1)) == (False, "en", "K-2026-0001")
    assert {key for key in Lab.__struct_fields__ if not re.search(rf"^(# )?{key} *=", TEMPLATE, re.MULTILINE)} == set()


@pytest.mark.parametrize(
    ("scheme", "number"),
    [
        ("K-{year}-{n:04}", "K-2026-0017"),
        ("{year}.{n}", "2026.17"),
        ("CAL{n:03}", "CAL017"),
        ("{n:01}-{year}-lab", "17-2026-lab"),
    ],
)
def test_numbers_are_made_and_counted(scheme: str, number: str) -> None:
    lab = Lab(name="Lab", numbers=scheme)
    assert lab.number(2026, 17) == number
    assert lab.counted(2026, number) == 17
    assert lab.counted(2026, lab.number(2026, 123456)) == 123456
    assert lab.counted(2026, number + "x") is None
    if "{year}" in scheme:
        assert lab.counted(2027, number) is None


@pytest.mark.parametrize(
    "changes",
    [
        'numbers = "K-{year}"',
        'numbers = "K/{n}"',
        'numbers = "{n.__class__}"',
        'numbers = "{n:5}"',
        'language = "fr"',
        'server_url = "lab.example"',
        "p = 1.5",
        'country = "Germany"',
        'numbres = "x"',
        'name = ""',
        "name =",
    ],
)
def test_a_lab_that_is_refused_is_one_sentence(tmp_path: Path, changes: str) -> None:
    (tmp_path / FILE).write_text(changes if changes.startswith("name") else f'name = "Lab"\n{changes}\n')
    with pytest.raises(RegisterError) as refused:
        read(tmp_path)
    assert "lab.toml" in str(refused.value)
    assert "\n" not in str(refused.value)
