"""Each decision is one page: why, what, what was measured, what follows."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("*.md"))


def test_each_has_a_number_of_its_own() -> None:
    numbers = [int(page.name[:4]) for page in PAGES]

    assert sorted(set(numbers)) == numbers
    assert numbers[:9] == list(range(1, 10))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_its_four_parts_and_is_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.match(rf"# {int(page.name[:4])}\. \S", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Evidence", "Consequences"]
    assert len(text.split()) <= 600
