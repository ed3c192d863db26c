"""Everything the computation may remark is known here: a new sentence in compute makes this fail."""

import msgspec
import pytest

from calibration.compute import compute
from calibration.documents.remarks import remarks, translated
from calibration.documents.texts import Texts
from calibration.procedure import Environment, FitTable, Points, Reading
from tests.calibration.documents.given import adjusted, dossier
from tests.calibration.example import procedure, raw, record

DE = Texts("de")


def warnings() -> list[str]:
    """From a calibration in which everything that can be remarked goes wrong."""
    points = raw()["as_found"]["points"]
    for point in points:
        point["readings"] = [
            {
                "I": f"{float(point['nominal']) ** 2 / 9 + i // 6:.1f}",
                "x": point["nominal"],
                "t": f"2026-05-04T08:00:{i:02}Z",
            }
            for i in range(12)
        ]
    hot = {"temperature": {"min": "22", "mean": "30", "max": "40"}}
    bad = record(environment=hot, as_found={"points": [p for p in points if p["direction"] == "up"]})
    rules = procedure(
        environment=Environment(temperature=(18, 25)),
        points=Points([0, 10, 20, 30, 40], check=[15], order="up-down"),
        fit=FitTable(degree=1, check_max=1e-9),
        reading=Reading(max_s=1e-6),
    )
    return list(compute(bad, rules)["as_found"].warnings)


@pytest.mark.parametrize("word", ["korreliert", "Prüfpunkt", "nicht gemessen", "Hysterese", "Temperatur", "Streuung"])
def test_every_remark_has_its_german(word: str) -> None:
    found = [translated(warning, DE) for warning in warnings()]
    assert any(word in text for text in found), found


def test_none_is_left_in_english() -> None:
    assert [w for w in warnings() if translated(w, DE) == w] == []


def test_a_sentence_that_is_not_known_stays() -> None:
    assert translated("something new", DE) == "something new"


def test_where_there_are_two_runs_a_remark_says_which() -> None:
    d = dossier(adjusted())
    rules = msgspec.structs.replace(d.procedure, reading=Reading(max_s=1e-6))
    import dataclasses

    d = dataclasses.replace(d, results=compute(d.record, rules))
    texts = remarks(d, Texts("en"))
    assert any(text.endswith("(as found)") for text in texts)
    assert len(set(texts)) == len(texts)
