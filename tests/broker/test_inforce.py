"""What is in force stays in force: over a restart, without a word from the broker, until it ends."""

from pathlib import Path

import pytest

from broker.calibration import Calibration, Correction
from broker.inforce import SILENT_S, Correct, InForce, News, refusal
from broker.messages import Channel, Meta

META = Meta(
    channels={"temp": Channel(unit="°C", resolution=0.01), "n": Channel(type="int"), "on": Channel(type="bool")}
)
ADD = Correction(type="poly", coef=[1.0])
ONE = Calibration(id="K-1", correction=ADD)


def in_force(folder: Path, correct: Correct = True, meta: Meta = META) -> InForce:
    made = InForce(folder / "calibration-oven1.json", correct)
    made.describe(meta)
    return made


def told(news: list[News]) -> list[tuple[str, str]]:
    return [(n.channel, n.text) for n in news]


def test_what_is_heard_is_applied_and_told_once(tmp_path: Path) -> None:
    oven = in_force(tmp_path)

    assert told(oven.hear({"temp": ONE}, 1)) == [("temp", "K-1 revision 1 is in force: values are corrected")]
    assert oven.hear({"temp": ONE}, 1) == []
    assert set(oven.correctors) == {"temp"}
    assert oven.problem == ""


def test_only_the_channels_that_were_asked_for(tmp_path: Path) -> None:
    oven = in_force(tmp_path, ["n"])
    oven.hear({"temp": ONE, "n": ONE}, 1)

    assert set(oven.correctors) == {"n"}
    assert not in_force(tmp_path / "none", False).wanted


def test_it_is_remembered_over_a_restart(tmp_path: Path) -> None:
    in_force(tmp_path).hear({"temp": ONE}, 1)
    again = in_force(tmp_path)

    assert set(again.correctors) == {"temp"}
    assert again.hear({"temp": ONE}, 1) == []


def test_one_that_vanishes_goes_on_and_is_a_problem_until_it_is_back(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE}, 1)

    text = "K-1 has vanished from the broker and was not withdrawn: it goes on being applied"
    assert [(n.text, n.state) for n in oven.hear({}, 1)] == [(text, "raised")]
    assert (oven.problem, set(oven.correctors)) == (text, {"temp"})
    assert [(n.kind, n.state) for n in oven.hear({"temp": ONE}, 1)] == [("calibration-vanished", "cleared")]
    assert oven.problem == ""


def test_silence_after_a_connection_is_vanishing(tmp_path: Path) -> None:
    in_force(tmp_path).hear({"temp": ONE}, 1)
    oven = in_force(tmp_path)

    assert oven.watch(1, 100.0, 0) == []
    assert oven.watch(1, 100.0 + SILENT_S, 0) == []
    assert oven.watch(None, 1000.0, 0) == []
    assert [n.state for n in oven.watch(1, 100.1 + SILENT_S, 0)] == ["raised"]
    assert oven.watch(1, 1000.0, 0) == []
    assert set(oven.correctors) == {"temp"}


def test_silence_means_nothing_where_nothing_was_in_force(tmp_path: Path) -> None:
    oven = in_force(tmp_path)

    assert oven.watch(1, 0.0, 0) == oven.watch(1, SILENT_S + 1, 0) == []
    assert oven.problem == ""


def test_what_was_heard_on_this_connection_is_heard_however_late_the_connection_was_noticed(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE}, 2)

    assert oven.watch(2, 0.0, 0) == oven.watch(2, 1000.0, 0) == []
    assert oven.watch(3, 1000.0, 0) == []
    assert [n.state for n in oven.watch(3, 1001.0 + SILENT_S, 0)] == ["raised"]


@pytest.mark.parametrize("status", ["void", "withdrawn"])
def test_an_end_is_raw_again_also_after_a_restart(tmp_path: Path, status: str) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE}, 1)
    end = Calibration(id="K-1", status=status, reason="moved")  # type: ignore[arg-type]

    assert told(oven.hear({"temp": end}, 1)) == [("temp", f"K-1 is {status} (moved): raw values again")]
    assert oven.correctors == {}
    assert oven.hear({}, 1) == []
    again = in_force(tmp_path)
    assert (again.correctors, again.problem) == ({}, "")


def test_an_end_that_was_never_applied_is_no_news(tmp_path: Path) -> None:
    assert in_force(tmp_path).hear({"temp": Calibration(id="K-1", status="void")}, 1) == []


def test_a_new_one_replaces_and_a_new_state_of_the_same_is_no_news(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE}, 1)

    assert oven.hear({"temp": Calibration(id="K-1", correction=ADD, status="due", due=5)}, 1) == []
    news = oven.hear({"temp": Calibration(id="K-2")}, 1)
    assert told(news) == [("temp", "K-2 revision 1 is in force: there is nothing to correct")]


def test_a_due_date_that_passes_is_told_and_taken_back(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": Calibration(id="K-1", correction=ADD, due=1000)}, 1)

    assert oven.watch(1, 0.0, 999) == []
    assert [(n.text, n.state) for n in oven.watch(1, 0.0, 1000)] == [
        ("K-1 is overdue: values count as uncertain", "raised")
    ]
    assert oven.watch(1, 0.0, 1001) == []
    assert oven.problem == ""
    assert "cleared" in [n.state for n in oven.hear({"temp": Calibration(id="K-1", status="void")}, 1)]


def test_the_description_has_the_raw_channel_beside_and_a_float(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE, "n": ONE}, 1)
    channels = oven.description().channels

    assert list(channels) == ["temp", "temp_raw", "n", "n_raw", "on"]
    assert channels["temp"] == META.channels["temp"]
    assert channels["temp_raw"] == Channel(unit="°C", resolution=0.01, label="temp (raw)")
    assert (channels["n"].type, channels["n_raw"].type) == ("float", "int")
    oven.hear({"temp": Calibration(id="K-1", status="void"), "n": Calibration(id="K-3")}, 1)
    assert oven.description() == META


def test_a_description_that_comes_later_is_enough(tmp_path: Path) -> None:
    oven = InForce(tmp_path / "calibration-oven1.json", True)
    oven.hear({"temp": ONE}, 1)
    assert (oven.correctors, oven.problem) == ({}, "")

    meta, _ = oven.describe(META)
    assert set(oven.correctors) == {"temp"}
    assert "temp_raw" in meta.channels


@pytest.mark.parametrize(
    ("name", "calibration", "channels", "reason"),
    [
        ("x", ONE, META.channels, "there is no channel x"),
        ("on", ONE, META.channels, "of type bool"),
        ("temp", Calibration(id="K-1", correction=ADD, signal="corrected"), META.channels, "corrected twice"),
        ("temp", Calibration(id="K-1", unit="K"), META.channels, "it is in K, temp is in °C"),
        ("temp", ONE, {**META.channels, "temp_raw": Channel()}, "so it corrects temp itself"),
        ("temp", Calibration(id="K-1", signal="corrected"), META.channels, ""),
        ("temp", Calibration(id="K-1", unit="°C"), META.channels, ""),
        ("temp", ONE, {}, ""),
    ],
)
def test_what_cannot_be_applied_says_why(
    name: str, calibration: Calibration, channels: dict[str, Channel], reason: str
) -> None:
    found = refusal(name, calibration, Meta(channels=channels))

    assert (reason in found) if reason else found == ""


def test_a_refusal_is_an_error_and_a_problem(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    news = oven.hear({"temp": Calibration(id="K-1", correction=ADD, signal="corrected")}, 1)

    assert [(n.severity, n.state) for n in news] == [("error", "raised")]
    assert "corrected twice" in oven.problem
    assert oven.correctors == {}
    oven.hear({"temp": ONE}, 1)
    assert (oven.problem, set(oven.correctors)) == ("", {"temp"})


def test_a_driver_that_corrects_itself_is_told_once(tmp_path: Path) -> None:
    oven = in_force(tmp_path)
    oven.hear({"temp": ONE}, 1)

    assert [(n.severity, n.state) for n in oven.corrected_before({"temp"})] == [("error", "raised")]
    assert oven.corrected_before({"temp"}) == []
    assert "the driver has corrected it already" in oven.problem


def test_a_damaged_memory_is_a_problem_until_it_is_heard_again(tmp_path: Path) -> None:
    (tmp_path / "calibration-oven1.json").write_text("{")
    oven = in_force(tmp_path)

    assert "cannot be read" in oven.problem
    oven.hear({"temp": ONE}, 1)
    assert oven.problem == ""


def test_a_disk_that_does_not_take_it_is_a_problem_and_it_is_applied(tmp_path: Path) -> None:
    oven = InForce(tmp_path / "missing" / "calibration-oven1.json", True, META)
    oven.hear({"temp": ONE}, 1)

    assert "would be lost in a restart" in oven.problem
    assert set(oven.correctors) == {"temp"}
