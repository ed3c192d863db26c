from importlib.metadata import EntryPoint

import pytest

from edge.instruments.mt_sics import Balance
from edge.registry import GROUP, driver_class, driver_names


def test_the_shipped_ones_are_there() -> None:
    assert {"line", "mt-sics", "namur", "vibration"} <= set(driver_names())
    assert driver_class("mt-sics") is Balance


def test_an_unknown_one_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no driver 'mt-sic'; known are .*mt-sics"):
        driver_class("mt-sic")


@pytest.mark.parametrize(("value", "said"), [
    ("nowhere.at_all:X", "cannot be loaded"), ("edge.registry:NOTHING", "cannot be loaded"),
    ("edge.registry:driver_names", "which is not a Driver"), ("json:JSONDecoder", "which is not a Driver"),
])  # fmt: skip
def test_one_that_cannot_be_used_says_why(monkeypatch: pytest.MonkeyPatch, value: str, said: str) -> None:
    entry = EntryPoint("mine", value, GROUP)
    monkeypatch.setattr("edge.registry.entry_points", lambda group: [entry])
    with pytest.raises(ValueError, match=said):
        driver_class("mine")
