"""Filters: MQTT's own rules, and which channels they select."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_ws.channels import Registry
from bridge_ws.interest import FilterError, Selection, check, matches, overlaps, select
from broker.messages import Channel, Meta
from broker.topics import Topics

TOPICS = Topics()


@pytest.mark.parametrize(
    ("filter_", "topic", "wanted"),
    [
        ("lab/+/data", "lab/a/data", True),
        ("lab/+/data", "lab/a/block", False),
        ("lab/#", "lab/a/data", True),
        ("lab/#", "lab", True),
        ("#", "lab/a/data", True),
        ("+/+/+", "lab/a/data", True),
        ("+/+", "lab/a/data", False),
        ("lab/a", "lab/a/data", False),
        ("lab/a/data/x", "lab/a/data", False),
        ("lab/a/data", "lab/a/data", True),
        ("lab/+/data/#", "lab/a/data", True),
    ],
)
def test_matching_is_mqtts(filter_: str, topic: str, wanted: bool) -> None:
    assert matches(filter_, topic) is wanted


@pytest.mark.parametrize("wrong", ["", "lab/#/data", "lab/a+/data", "lab/a#", "x" * 300, "a\0b", "#/#"])
def test_what_is_no_filter_is_refused(wrong: str) -> None:
    with pytest.raises(FilterError):
        check(wrong)


LEVELS = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=4)


@given(LEVELS, st.booleans(), LEVELS, st.booleans())
def test_filters_overlap_exactly_when_a_topic_matches_both(a: list[str], ha: bool, b: list[str], hb: bool) -> None:
    one, two = "/".join([*a, "#"] if ha else a), "/".join([*b, "#"] if hb else b)
    check(one)
    topics: list[list[str]] = [[]]
    everything: list[str] = []
    for _ in range(5):
        topics = [[*t, level] for t in topics for level in ("a", "b")]
        everything += ["/".join(t) for t in topics]

    assert overlaps(one, two) == any(matches(one, t) and matches(two, t) for t in everything)
    assert overlaps(one, two) == overlaps(two, one)


def registry() -> Registry:
    found = Registry()
    found.describe("a", Meta(channels={"x": Channel(), "y": Channel(), "on": Channel(type="bool")}))
    return found


def chosen(*selections: Selection) -> tuple[set[str], dict[str, int]]:
    channels = registry().of("a")
    names = {i.n: name for name, i in channels.items()}
    found = select(selections, "a", channels, TOPICS)
    return {names[n] for n in found.values}, {names[n]: step for n, step in found.steps.items()}


def test_latest_selects_values() -> None:
    assert chosen(Selection("lab/+/data", None, False)) == ({"x", "y", "on"}, {})


def test_samples_of_bools_and_texts_travel_as_values() -> None:
    assert chosen(Selection("lab/+/data", None, True)) == ({"on"}, {"x": 0, "y": 0})


def test_channels_narrow_it_down() -> None:
    assert chosen(Selection("lab/a/data", frozenset({"y", "nix"}), True)) == (set(), {"y": 0})


def test_the_finest_step_wins() -> None:
    coarse, fine = Selection("lab/a/data", None, True, 5000), Selection("lab/+/data", frozenset({"x"}), True, 1000)

    assert chosen(coarse, fine)[1] == {"x": 1000, "y": 5000}
    assert chosen(coarse, Selection("lab/a/data", frozenset({"x"}), True))[1] == {"x": 0, "y": 5000}


@pytest.mark.parametrize("filter_", ["lab/+/data", "lab/+/block", "lab/a/last", "lab/#", "#"])
def test_samples_are_the_same_however_they_travel(filter_: str) -> None:
    assert chosen(Selection(filter_, None, False))[0] == {"x", "y", "on"}
    assert Selection(filter_, None, False).may_match(TOPICS)


@pytest.mark.parametrize("filter_", ["lab/+/event", "lab/b/data", "other/#"])
def test_other_filters_select_nothing(filter_: str) -> None:
    assert chosen(Selection(filter_, None, False)) == (set(), {})


def test_a_filter_for_events_can_never_select_samples() -> None:
    assert not Selection("lab/+/event", None, True).may_match(TOPICS)
