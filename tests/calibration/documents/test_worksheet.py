import pytest

from calibration import procedure, templates
from calibration.documents import pdf
from calibration.documents.texts import LANGUAGES, Language, Texts
from calibration.documents.worksheet import visits
from calibration.procedure import Points
from calibration.record import Item
from tests.calibration.documents.given import LAB, pages, text
from tests.calibration.example import PROCEDURE
from tests.calibration.example import procedure as example


def test_points_come_in_the_order_of_the_work() -> None:
    both = example(points=Points([0, 10], order="up-down", series=2))
    assert visits(both) == [
        *[(0, "up", 1), (10, "up", 1), (10, "down", 1), (0, "down", 1)],
        *[(0, "up", 2), (10, "up", 2), (10, "down", 2), (0, "down", 2)],
    ]
    assert visits(example(points=Points([0, 10], order="down"))) == [(10, "down", 1), (0, "down", 1)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates.names())
def test_every_template_has_a_worksheet(name: str, language: Language) -> None:
    rules = procedure.read(templates.text(name))
    found = text(pdf.blank(rules, templates.text(name), LAB, language))
    t = Texts(language)
    for x in rules.points.values:
        assert t.number(f"{x:g}") in found.split()
    for words in (*rules.asks, *rules.steps.before, *rules.steps.after):
        assert words in found
    assert procedure.sha256(templates.text(name)) in found


def test_what_is_known_of_the_item_is_filled_in() -> None:
    item = Item(id="sensor1", serial="SER-9", maker="Maker-M")
    found = text(pdf.blank(example(), PROCEDURE, LAB, "en", item=item))
    for word in ("sensor1", "SER-9", "Maker-M"):
        assert word in found


def test_sixty_points_go_over_pages_with_the_head_on_each() -> None:
    many = example(points=Points([float(i) for i in range(60)]))
    found = pages(pdf.blank(many, PROCEDURE, LAB, "en"))
    assert len(found) > 2
    assert all("I₁" in page for page in found if "59" in page.split() or "30" in page.split())
    assert f"Page {len(found)} of {len(found)}" in found[-1]
