"""The catalogue is complete: every key in both languages, every text used is there, every text there is used."""

import ast
import re
from pathlib import Path

import pytest

from calibration.documents.texts import LANGUAGES, Texts, catalogue
from tests.calibration.documents.given import sheet

FOLDER = Path(__file__).parents[3] / "calibration/documents"
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.py"))]
FORBIDDEN = ("accredit", "akkredit", "dakks", "ilac-mra")


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("key", catalogue())
def test_every_text_has_every_language(key: str) -> None:
    texts = catalogue()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(texts.values())
    assert len({frozenset(placeholders(text)) for text in texts.values()}) == 1


def test_every_text_can_be_printed() -> None:
    paper = sheet()
    for texts in catalogue().values():
        for text in texts.values():
            paper.text(20, 20, text)
            paper.text(20, 20, text, bold=True)


def calls() -> list[ast.Call]:
    return [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call)]


def constants() -> set[str]:
    """Every literal; of an f-string its fixed beginning or end."""
    return {
        n.value for tree in TREES for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def keys(call: ast.Call) -> set[str]:
    """What a call of ``t`` or ``phrase`` names, where it does so literally."""
    if not isinstance(call.func, ast.Name) or call.func.id not in ("t", "phrase"):
        return set()
    place = 0 if call.func.id == "t" else 2
    given = call.args[place : place + 1]
    found = [node.value for arg in given for node in ast.walk(arg) if isinstance(node, ast.Constant)]
    return {value for value in found if isinstance(value, str)}


def test_every_key_that_is_used_is_there() -> None:
    literal = {
        key
        for call in calls()
        for key in keys(call)
        if not isinstance(call.args[0 if ast.unparse(call.func) == "t" else 2], ast.JoinedStr)
    }
    assert len(literal) > 100
    assert {key for key in literal if key and key not in catalogue() and not key.startswith("as_")} == set()


def test_no_text_is_left_over() -> None:
    """A key is used by itself, or by its group: ``t(f"verdict.{…}")``, ``known("budget", …)``."""
    used = constants() | {"certificate.below", "protocol.below"}
    groups = {text[:-1] for text in used if text.endswith(".")} | {"room", "budget"}
    left = [key for key in catalogue() if key not in used and key.split(".")[0] not in groups]
    assert left == []


def test_no_document_claims_what_nobody_has_granted() -> None:
    words = " ".join(text for texts in catalogue().values() for text in texts.values()).lower()
    assert [word for word in FORBIDDEN if word in words] == []
    assert "in-house calibration" in words


def test_numbers_and_days_as_the_language_has_them() -> None:
    en, de = Texts("en"), Texts("de")
    assert (en.number("-0.10"), de.number("-0.10")) == ("−0.10", "−0,10")
    assert (en.day("2026-05-04"), de.day("2026-05-04")) == ("2026-05-04", "04.05.2026")
    assert en.day("") == ""


@pytest.mark.parametrize(
    ("stamp", "shown"),
    [
        ("2026-05-04T08:00:00Z", "2026-05-04 08:00 UTC"),
        ("2026-05-04T08:00+02:00", "2026-05-04 08:00 UTC+02:00"),
        ("2026-05-04T08:00-03:30", "2026-05-04 08:00 UTC-03:30"),
        ("2026-05-04", "2026-05-04"),
    ],
)
def test_times_keep_their_zone(stamp: str, shown: str) -> None:
    assert Texts("en").time(stamp) == shown


def test_a_name_of_ones_own_stays() -> None:
    t = Texts("de")
    assert t.known("budget", "ref_drift") == "Drift des Normals"
    assert t.known("budget", "my_own") == "my own"
    with pytest.raises(KeyError):
        t("no such text")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_unit_one_is_not_written(language: str) -> None:
    t = Texts(language)  # type: ignore[arg-type]
    assert t.size("0.5", "g").endswith(" g")
    assert "1" not in t.size("0.5", "1")
    assert t("correction.check", x="40", e="0.000", unit="1").endswith(" 40: 0.000.")
    assert t("correction.range", low="0", high="9", s="5", n="7", nu="6", unit="1").count("1") == 0
    assert "{" not in t("correction.text", formula="C", unit="1")
    assert t("settled", slope="5", u="6", unit="1").count("1/s") == 2
