import json
from datetime import UTC, datetime

import pytest

from broker.client import Message
from broker.messages import Channel, Meta
from broker.topics import Kind, Topics
from labwire.spoken import Spoken, json_line, line
from tests.support.contract import valid

TOPICS = Topics()
AT = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
BALANCE = Meta(channels={"mass": Channel(unit="g", resolution=0.001), "stable": Channel(type="bool")})
SPOKEN = Spoken(TOPICS, {"balance1": BALANCE})


def said(kind: Kind, payload: bytes, *, retain: bool = False) -> str:
    return line(Message(TOPICS.of("balance1", kind), payload, retain=retain), SPOKEN, AT)


def test_a_sample_has_its_time_units_uncertainty_and_quality() -> None:
    text = said(
        Kind.DATA, b'{"ts":1767270000123,"values":{"mass":1.5,"stable":null},"u":{"mass":0.0021},"q":{"stable":"bad"}}'
    )
    assert text == "12:20:00.123  lab/balance1/data  mass 1.500 g ± 0.0021  stable – (bad)"


def test_a_block_is_summarised() -> None:
    block = b'{"boot":"b","seq":0,"n":3,"t0_us":1767270000000000,"dt_us":1000,"cols":{"mass":[1,2.5,4]},"late":true}'
    assert said(Kind.BLOCK, block).endswith("3 rows (1000/s) late  mass 1 … 4 g (mean 2.500)")


def test_what_was_kept_is_marked_and_what_is_empty_said() -> None:
    assert said(Kind.META, b"", retain=True) == "12:00:00.250  lab/balance1/meta [retained]  (cleared)"


def test_a_command_and_its_reply() -> None:
    command = b'{"id":"1","name":"set_temp","ts":1,"ttl_ms":5000,"args":{"value":80},"by":"anna"}'
    assert said(Kind.CMD, command).endswith("set_temp value=80 by anna, within 5.0 s")
    reply = b'{"id":"1","state":"failed","ts":1,"name":"set_temp","error":{"code":"x","message":"too hot"}}'
    assert said(Kind.REPLY, reply).endswith("failed set_temp: too hot")


def test_what_is_no_message_is_shown_with_the_reason_and_obeyed_by_no_terminal() -> None:
    text = said(Kind.DATA, b"21.4\x1b[2J")
    assert "not a valid data message" in text
    assert "21.4\\x1b[2J" in text
    assert line(Message("esp/temp", b"21.4"), SPOKEN, AT) == "12:00:00.250  esp/temp  21.4"


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_every_message_of_the_contract_has_words(kind: Kind) -> None:
    topic = TOPICS.all_of(kind).replace("+", "balance1")
    for case in valid(kind):
        text = line(Message(topic, case.wire), SPOKEN, AT)
        assert "not a valid" not in text
        assert len(text.split(topic, 1)[1].strip()) > 0
        assert json.loads(json_line(Message(topic, case.wire), SPOKEN, AT))["kind"] == kind


def test_for_programs_the_payload_is_as_it_came() -> None:
    told = json.loads(json_line(Message(TOPICS.of("balance1", Kind.DATA), b'{"ts":1,"values":{}}', qos=1), SPOKEN, AT))
    assert told == {
        "arrived": "2026-01-01T12:00:00.250+00:00",
        "topic": "lab/balance1/data",
        "qos": 1,
        "retain": False,
        "kind": "data",
        "name": "balance1",
        "units": {"mass": "g"},
        "payload": {"ts": 1, "values": {}},
    }
    assert json.loads(json_line(Message("x", b"\xff"), SPOKEN, AT))["text"] == "\ufffd"
