import pytest

from broker.config import ConfigError
from broker.messages import Commit, Hold, Mark, ServiceStatus, Status, encode
from broker.topics import Kind
from logger.awaited import AFTER_S
from logger.neighbours import Neighbours, refuse
from logger.share import Share
from tests.logger.support import BOOT, TOPICS, Packet


def status(*instruments: str, state: str = "online") -> ServiceStatus:
    return ServiceStatus(state=state, boot=BOOT, instruments=list(instruments))  # type: ignore[arg-type]


def said(name: str, *instruments: str, state: str = "online", service: str = "logger") -> Packet:
    return Packet(TOPICS.service_status(service, name), encode(status(*instruments, state=state)))


def test_who_would_store_anothers_instruments_is_refused_with_both_names() -> None:
    with pytest.raises(ConfigError) as refused:
        refuse("kilns", ["kiln*", "!kiln9"], [said("main", "*")], TOPICS)
    assert str(refused.value) == (
        "the logger 'kilns' with instruments = [\"kiln*\", \"!kiln9\"] would store 'kiln', and so does the logger"
        " 'main' with [\"*\"], which is running: each instrument belongs to one"
    )


def test_who_shares_nothing_or_only_with_the_gone_begins() -> None:
    refuse("kilns", ["kiln*"], [said("main", "!kiln*"), said("kilns", "*"), said("old", "*", state="lost")], TOPICS)
    refuse("kilns", ["kiln*"], [said("old", "*", state="offline"), said("before", service="logger")], TOPICS)
    refuse(
        "kilns",
        ["kiln*"],
        [said("x", "*", service="bridge"), Packet(TOPICS.service_status("logger", "y"), b"{")],
        TOPICS,
    )


def test_what_becomes_wrong_later_is_complained_of_once() -> None:
    heard = Neighbours("kilns", Share(("kiln*",)))
    assert heard.logger("main", status("!kiln*")) == ""
    assert heard.logger("main", status("*")) == "the logger 'main' ([\"*\"]) stores 'kiln' too"
    assert heard.logger("main", status("*")) == ""
    assert heard.logger("kilns", status("*")) == ""
    assert heard.logger("gone", status("*", state="lost")) == ""


def test_an_edge_that_believes_another_logger() -> None:
    heard = Neighbours("kilns", Share(("kiln*",)))

    def said(name: str, stored_by: str) -> str:
        return heard.instrument(name, Status(state="online", boot=BOOT, stored_by=stored_by))

    assert said("kiln1", "kilns") == said("oven1", "main") == said("oven1", "") == said("kiln1", "") == ""
    assert "kiln1 names the logger 'main' in stored_by" in said("kiln1", "main")
    assert said("kiln1", "main") == ""
    assert 'oven1 names this logger in stored_by, but instruments = ["kiln*"] leaves it out' in said("oven1", "kilns")


def test_what_is_heard_is_judged_and_remembered_for_the_alarm() -> None:
    heard = Neighbours("kilns", Share(("kiln*",)))

    def hear(topic: str, message: object) -> str:
        taken = TOPICS.parse(topic)
        assert taken is not None
        return heard.hear(taken, message)

    waits = Status(state="online", boot=BOOT, stored_by="kilns", hold=[Hold(BOOT, 0, 5)])
    assert hear(TOPICS.service_status("logger", "main"), status("*")) != ""
    assert hear(TOPICS.of("kiln1", Kind.STATUS), waits) == ""
    assert hear(TOPICS.of("kiln2", Kind.STATUS), waits) == ""
    assert hear(TOPICS.of("oven1", Kind.STATUS), waits) != ""
    mark = Commit(store="s", run="r", boots={BOOT: Mark(4)})
    assert hear(TOPICS.commit("kilns", "kiln2"), mark) == ""
    assert heard.awaited.due(0) == []
    assert [alarm.instrument for alarm in heard.awaited.due(AFTER_S)] == ["kiln1", "oven1"]
