import pytest

from broker.config import ConfigError
from broker.messages import ServiceStatus, Status, encode
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
