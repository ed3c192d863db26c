import io
import sys

import pytest

from tests.calibration.commands.bench import Lab

PLAN = ("--define", "ice point", "--nominal", "0", "--warning", "0.05", "--action", "0.1", "--unit", "°C")


def test_a_check_in_two_minutes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    assert lab("check", "pt3", "0.01", by="anna") == 2
    assert "--define" in lab.error
    assert lab("check", "pt3", *PLAN, by="anna") == 0
    assert lab("check") == 1
    assert "never" in lab.said
    monkeypatch.setattr(sys, "stdin", io.StringIO("0,01\n"))
    assert lab("check", "pt3", by="anna") == 0
    assert "ice point 0 °C:" in lab.said
    assert lab("check") == 0
    assert lab("check", "pt3", "-0.07", "--note", "stirred", by="anna") == 1
    assert "warning anna (not authenticated)  stirred" in lab.said
    assert lab("check", "pt3", "5", by="anna") == 1
    assert "o]" in lab.said
    chart = lab.json("check", "pt3", "--json")
    assert [c["zone"] for c in chart["checks"]] == ["ok", "warning", "action"]
    assert lab.json("check", "--json")[0]["status"] == "action"
    assert lab("verify") == 0


def test_what_cannot_be_is_one_sentence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.furnished()
    assert lab("check", "pt3", "--define", "x", "--nominal", "0", by="anna") == 2
    assert "are numbers" in lab.error
    assert lab("check", "pt3", *PLAN[:4], "--warning", "2", "--action", "1", by="anna") == 2
    lab("check", "pt3", *PLAN, by="anna")
    assert lab("check", "pt3", "warm", by="anna") == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert lab("check", "pt3", by="anna") == 2
    assert "nobody typed" in lab.error


def test_a_live_check_needs_a_place(lab: Lab) -> None:
    lab.furnished()
    lab("item", "remove", "pt3", by="anna")
    lab("check", "pt3", *PLAN, by="anna")
    assert lab("check", "pt3", "--live", by="anna") == 2
    assert "sits nowhere" in lab.error
