"""The protocol's messages: what clients send is read strictly, whatever it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_ws import ops
from bridge_ws.ops import OpError, parse
from broker.messages import Event


def test_the_documented_messages_are_read() -> None:
    assert parse('{"op":"hello","token":"t","unknown":1}') == ops.Hello("t")
    assert parse('{"op":"hello"}') == ops.Hello(None)
    assert parse('{"op":"unsub","id":3}') == ops.Unsub(3)
    assert parse(
        '{"op":"sub","id":3,"filter":"lab/+/data","channels":["temp"],"mode":"samples","since":1795219199123,"step_ms":20}'
    ) == ops.Sub(3, "lab/+/data", ["temp"], "samples", 1795219199123, 20)
    assert parse('{"op":"command","id":"c17","instrument":"i","name":"n","args":{"v":4.5}}') == ops.DoCommand(
        "c17", "i", "n", {"v": 4.5}
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 100_000,
        '{"op":"nix"}',
        '{"id":3}',
        '{"op":"sub","id":"3","filter":"x"}',
        '{"op":"sub","id":3}',
        '{"op":"sub","id":3,"filter":5}',
        '{"op":"sub","id":3,"filter":"x","mode":"all"}',
        '{"op":"sub","id":3,"filter":"x","step_ms":-1}',
        '{"op":"sub","id":3,"filter":"x","since":1e300}',
        '{"op":"sub","id":99999999999999999999999999,"filter":"x"}',
        json.dumps({"op": "sub", "id": 3, "filter": "x", "channels": ["c"] * 1001}),
        '{"op":"command","id":"c","instrument":"i","name":"n","ttl_ms":60001}',
        '{"op":"command","id":"c","instrument":"i","name":"n","ttl_ms":0}',
        '{"op":"command","id":"","instrument":"i","name":"n"}',
        '{"op":"command","id":"c","instrument":"i","name":"n","args":{"v":[1]}}',
        '{"op":"command","id":"c","instrument":"i","name":"n","args":{"v":NaN}}',
    ],
)
def test_anything_else_is_an_error_with_a_text(wrong: str) -> None:
    with pytest.raises(OpError) as caught:
        parse(wrong)
    assert caught.value.code == "bad_message"
    assert str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LIKE_AN_OP = st.dictionaries(
    st.sampled_from(
        ["op", "id", "filter", "mode", "since", "args", "name", "instrument", "ttl_ms", "channels", "token"]
    ),
    JSON | st.sampled_from(["hello", "sub", "unsub", "command"]),
    max_size=8,
)


@given(st.text(max_size=50) | JSON.map(json.dumps) | LIKE_AN_OP.map(json.dumps))
def test_garbage_is_an_op_error_or_an_op(text: str) -> None:
    try:
        assert isinstance(parse(text), ops.FromClient)
    except OpError:
        return


def test_answers_have_their_documented_names() -> None:
    def sent(message: Any) -> Any:
        return json.loads(ops.text(message))

    assert sent(ops.Values(5, {"12": (1.5, None, "nan")})) == {
        "op": "values",
        "now": 5,
        "v": {"12": [1.5, None, "nan"]},
    }
    assert sent(ops.BackfillOp("i", 1, 2)) == {"op": "backfill", "instrument": "i", "from": 1, "to": 2}
    assert sent(ops.TooOld(3, 9)) == {"op": "too_old", "id": 3, "from": 9}
    assert sent(ops.Lag(41)) == {"op": "lag", "dropped": 41}


def test_a_message_of_the_contract_keeps_its_own_keys() -> None:
    event = Event(ts=5, kind="interlock", text="door open", state="raised")

    assert json.loads(ops.tagged("event", event, instrument="oven1")) == {
        "op": "event",
        "instrument": "oven1",
        "ts": 5,
        "kind": "interlock",
        "text": "door open",
        "state": "raised",
    }
