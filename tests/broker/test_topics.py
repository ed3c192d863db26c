import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.topics import (
    INSTRUMENT_KINDS,
    RESERVED_CHANNELS,
    Kind,
    Topic,
    TopicError,
    Topics,
    check_channel,
    check_name,
)

names = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
sources = names | names.map(lambda name: f"_{name}" if len(name) < 63 else name)
users = st.text(min_size=1).filter(lambda user: not set(user) & set("/+#\0"))


def matches(filter_: str, topic: str) -> bool:
    """MQTT's own rule (version 5, section 4.7) for filters without ``#``."""
    wanted, levels = filter_.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(w in ("+", level) for w, level in zip(wanted, levels, strict=True))


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("lab/oven1/data", Topic(Kind.DATA, "oven1")),
        ("lab/oven1/cmd", Topic(Kind.CMD, "oven1")),
        ("lab/oven1/cmd/anna", Topic(Kind.CMD, "oven1", "anna")),
        ("lab/oven1/calibration", Topic(Kind.CALIBRATION, "oven1")),
        ("lab/_edge/pi-03/status", Topic(Kind.EDGE_STATUS, "pi-03")),
        ("lab/_sys/logger/main/status", Topic(Kind.SERVICE_STATUS, "main", "logger")),
        ("lab/_sys/logger/main/commit/oven1", Topic(Kind.COMMIT, "oven1", "main")),
        ("lab/_sys/logger/main/commit/_bridge-main", Topic(Kind.COMMIT, "_bridge-main", "main")),
        ("lab/_sys/logger/main/request/oven1", Topic(Kind.REQUEST, "oven1", "main")),
        ("lab/_sys/bridge/main/audit", Topic(Kind.AUDIT, "main", "bridge")),
        ("lab/_run/r1/state", Topic(Kind.RUN, "r1")),
        ("lab/_note/bridge-main/new", Topic(Kind.NOTE, "bridge-main")),
        ("lab/_cal/c-1/state", Topic(Kind.CAL_STATE, "c-1")),
        ("lab/_cal/c-1/cmd", Topic(Kind.CAL_CMD, "c-1")),
        ("lab/_cal/c-1/event", Topic(Kind.CAL_EVENT, "c-1")),
        ("lab/_sys/calibration/main/due", Topic(Kind.CAL_DUE, "main")),
    ],
)
def test_the_contracts_topics_are_taken_apart(topic: str, expected: Topic) -> None:
    assert Topics().parse(topic) == expected


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "lab",
        "lab/",
        "lab/oven1",
        "lab/oven1/",
        "lab/oven1/data/",
        "lab/oven1/data/x",
        "lab/oven1/temperature",
        "lab/oven1/edge-status",  # a kind, not a level
        "lab/oven1/note",
        "lab/Oven1/data",
        "lab/-oven/data",
        "lab/" + "a" * 64 + "/data",
        "lab/oven1\n/data",
        "lab//data",
        "lab/oven1/cmd/",
        "lab/oven1/cmd/anna/x",
        "lab/_x/data",
        "lab/_oven1/cmd",
        "lab/_edge//status",
        "lab/_edge/_x/status",
        "lab/_sys/logger/main/commit/",
        "lab/_sys/logger/main/commit/__x",
        "lab/_sys/Logger/main/status",
        "lab/_run/r1",
        "lab/_note//new",
        "lab/_cal/c-1",
        "lab/_cal/C1/state",
        "lab/_cal//cmd",
        "lab/_sys/logger/main/due",
        "laboratory/oven1/data",
        "LAB/oven1/data",
        "/lab/oven1/data",
        "$SYS/broker/uptime",
    ],
)
def test_everything_else_is_not_ours(topic: str) -> None:
    assert Topics().parse(topic) is None


@given(st.text())
def test_any_text_after_the_root_is_parsed_or_refused(rest: str) -> None:
    found = Topics().parse(f"lab/{rest}")

    if found is not None and found.kind in INSTRUMENT_KINDS:
        assert check_name(found.name)


@given(names, st.sampled_from(INSTRUMENT_KINDS), st.sampled_from(["lab", "site/lab-2", "Ünï"]))
def test_instrument_topics_come_back(name: str, kind: Kind, root: str) -> None:
    topics = Topics(root)

    assert topics.parse(topics.of(name, kind)) == Topic(kind, name)


@given(names, names, sources, users)
def test_all_other_topics_come_back(name: str, other: str, source: str, user: str) -> None:
    topics = Topics()
    built = {
        topics.cmd_by(name, user): Topic(Kind.CMD, name, user),
        topics.edge_status(name): Topic(Kind.EDGE_STATUS, name),
        topics.service_status(other, name): Topic(Kind.SERVICE_STATUS, name, other),
        topics.commit(other, source): Topic(Kind.COMMIT, source, other),
        topics.request(other, source): Topic(Kind.REQUEST, source, other),
        topics.audit(other, name): Topic(Kind.AUDIT, name, other),
        topics.run(name): Topic(Kind.RUN, name),
        topics.note(user): Topic(Kind.NOTE, user),
        topics.cal_state(name): Topic(Kind.CAL_STATE, name),
        topics.cal_cmd(name): Topic(Kind.CAL_CMD, name),
        topics.cal_event(name): Topic(Kind.CAL_EVENT, name),
        topics.cal_due(name): Topic(Kind.CAL_DUE, name),
    }

    assert {topic: topics.parse(topic) for topic in built} == built


@given(names, names, st.sampled_from(list(Kind)))
def test_a_filter_for_one_kind_matches_that_kind_and_no_other(name: str, other: str, kind: Kind) -> None:
    topics = Topics()
    one_of_each = {
        **{k: topics.of(name, k) for k in INSTRUMENT_KINDS},
        Kind.EDGE_STATUS: topics.edge_status(name),
        Kind.SERVICE_STATUS: topics.service_status(other, name),
        Kind.COMMIT: topics.commit(other, name),
        Kind.REQUEST: topics.request(other, name),
        Kind.AUDIT: topics.audit(other, name),
        Kind.RUN: topics.run(name),
        Kind.NOTE: topics.note(name),
        Kind.CAL_STATE: topics.cal_state(name),
        Kind.CAL_CMD: topics.cal_cmd(name),
        Kind.CAL_EVENT: topics.cal_event(name),
        Kind.CAL_DUE: topics.cal_due(name),
    }

    assert [k for k, topic in one_of_each.items() if matches(topics.all_of(kind), topic)] == [kind]
    assert set(one_of_each) == set(Kind)


def test_system_topics_have_four_levels_so_that_a_plus_never_takes_them_for_an_instrument() -> None:
    topics = Topics()

    for kind in set(Kind) - set(INSTRUMENT_KINDS):
        assert topics.all_of(kind).count("/") >= 3


@pytest.mark.parametrize("name", ["", "_x", "Oven", "oven 1", "oven/1", "+", "#", "ofen-ü", "-a", "a" * 64, "a\n"])
def test_a_bad_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(TopicError, match=re.escape(f"edge {name!r} is not a valid name: use 1 to 63 of a-z")):
        check_name(name, "edge")


@pytest.mark.parametrize("name", ["", "Temp", "1st", "_t", "t-1", "t 1", "µ", "t\n"])
def test_a_bad_channel_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(TopicError, match="is not a valid name"):
        check_channel(name)


@pytest.mark.parametrize("name", sorted(RESERVED_CHANNELS))
def test_a_reserved_channel_is_refused(name: str) -> None:
    with pytest.raises(TopicError, match="is reserved"):
        check_channel(name)


def test_good_names_are_given_back() -> None:
    assert check_name("a" * 63) == "a" * 63
    assert check_channel("temp_1_raw") == "temp_1_raw"


@pytest.mark.parametrize("root", ["", "/lab", "lab/", "$lab", "la+b", "lab/#", "la\0b"])
def test_a_bad_root_is_refused(root: str) -> None:
    with pytest.raises(TopicError, match="topic root"):
        Topics(root)
