import copy
import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.messages import (
    MAX_SAFE_INTEGER,
    MAX_TS_MS,
    TYPES,
    Block,
    Channel,
    Data,
    MessageError,
    Meta,
    Note,
    Quality,
    decode,
    decode_as,
    encode,
    with_rev,
)
from broker.topics import Kind, Topics
from tests.support.contract import FOLDER, Case, cases, valid

ALL = [(kind, case) for kind in Kind for case in cases(kind)]
VALID = [(kind, case) for kind, case in ALL if case.valid]


def name_of(item: Any) -> str:
    return item.name if isinstance(item, Case) else str(item)


def reads(kind: Kind, payload: bytes) -> Any:
    """The message, or None when the reader refused it as it should. Anything but a MessageError goes through."""
    try:
        return decode(kind, payload)
    except MessageError:
        return None


# --- the golden messages ----------------------------------------------------------------------------------------------


def test_there_is_one_file_for_each_kind() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == {f"{kind}.json" for kind in Kind}


@pytest.mark.parametrize(("kind", "case"), ALL, ids=name_of)
def test_the_golden_messages(kind: Kind, case: Case) -> None:
    found = Topics().parse(case.topic)
    assert found is not None
    assert found.kind == kind

    if case.valid:
        decode(kind, case.wire)
    else:
        assert case.error
        with pytest.raises(MessageError) as caught:
            decode(kind, case.wire)
        assert case.error in str(caught.value)
        assert str(caught.value).startswith(f"not a valid {kind} message: ")


@pytest.mark.parametrize(("kind", "case"), VALID, ids=name_of)
def test_a_message_that_is_read_and_written_is_the_same(kind: Kind, case: Case) -> None:
    message = decode(kind, case.wire)

    assert decode(kind, encode(message)) == message
    assert part_of(json.loads(encode(message)), case.payload)


def part_of(written: Any, payload: Any) -> bool:
    """Whether all that was written stood in the payload: unknown keys and defaults may go, nothing may come."""
    if isinstance(written, dict):
        return all(key in payload and part_of(value, payload[key]) for key, value in written.items())
    if isinstance(written, list):
        return len(written) == len(payload) and all(map(part_of, written, payload))
    return bool(written == payload)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.LAST])
def test_every_field_of_a_message_stands_in_a_golden_one(kind: Kind) -> None:
    shown = {path for case in valid(kind) for path in keys_of(case.payload)}

    assert {path for path in fields_of(TYPES[kind]) if path not in shown} == set()


def keys_of(value: Any, where: str = "") -> Iterator[str]:
    """Every key in a payload as ``channels.*.unit``, both by its name and as one of many."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for step in (key, "*"):
                yield f"{where}{step}"
                yield from keys_of(inner, f"{where}{step}.")
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner, f"{where}*.")


def fields_of(type_: Any, where: str = "") -> Iterator[str]:
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        for field in msgspec.structs.fields(type_):
            yield f"{where}{field.encode_name}"
            yield from fields_of(field.type, f"{where}{field.encode_name}.")
        return
    many = getattr(type_, "__origin__", None) in (list, dict)
    for inner in get_args(type_):
        yield from fields_of(inner, f"{where}*." if many else where)


# --- written and read again -------------------------------------------------------------------------------------------

channels = st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z").filter(
    lambda name: name not in ("ts", "time", "topic", "host", "instrument")
)
values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
stamps = st.integers(0, MAX_TS_MS - 1)
qualities: st.SearchStrategy[Quality] = st.sampled_from(
    ["good", "uncertain", "bad", "nan", "+inf", "-inf", "extrapolated", "clock"]
)


@st.composite
def datas(draw: st.DrawFn) -> Data:
    known = draw(st.booleans())
    return Data(
        ts=draw(stamps),
        us=draw(st.integers(0, 999)),
        values=draw(st.dictionaries(channels, values, max_size=4)),
        boot=draw(st.text(min_size=1, max_size=64)) if known else None,
        seq=draw(st.integers(0, MAX_SAFE_INTEGER - 1)) if known else None,
        fold=draw(st.integers(0, 5)),
        q=draw(st.dictionaries(channels, qualities, max_size=2)),
        u=draw(st.dictionaries(channels, st.floats(0, 1e9), max_size=2)),
    )


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    n = draw(st.integers(1, 6))
    regular = draw(st.booleans())
    names = draw(st.lists(channels, min_size=1, max_size=3, unique=True))
    rows = st.sampled_from([str(k) for k in range(n)])
    return Block(
        boot=draw(st.text(min_size=1, max_size=64)),
        seq=draw(st.integers(0, MAX_SAFE_INTEGER - 6)),
        n=n,
        cols={name: draw(st.lists(values, min_size=n, max_size=n)) for name in names},
        t0_us=draw(st.integers(0, 2**50)) if regular else None,
        dt_us=draw(st.integers(0, 10**9)) if regular else None,
        t_us=None if regular else draw(st.lists(st.integers(0, 2**50), min_size=n, max_size=n)),
        late=draw(st.booleans()),
        q=draw(st.dictionaries(st.sampled_from(names), st.dictionaries(rows, qualities))),
    )


@given(datas())
def test_data_comes_back(data: Data) -> None:
    again = decode(Kind.DATA, encode(data))

    assert again == data
    assert again.t_us == data.ts * 1000 + data.us


@given(blocks())
def test_a_block_comes_back(block: Block) -> None:
    again = decode(Kind.BLOCK, encode(block))

    assert again == block
    assert len(again.times_us()) == again.n
    assert all(
        type(a) is type(b) for name in block.cols for a, b in zip(again.cols[name], block.cols[name], strict=True)
    )


def test_numbers_that_are_not_finite_never_reach_the_wire() -> None:
    assert (
        encode(Data(ts=1, values={"a": float("nan"), "b": float("-inf")})) == b'{"ts":1,"values":{"a":null,"b":null}}'
    )


def test_fields_with_their_default_are_not_written() -> None:
    assert encode(Note(ts=1, text="x", by="anna")) == b'{"ts":1,"text":"x","by":"anna"}'


def test_regular_times() -> None:
    block = Block(boot="b", seq=0, n=3, cols={"a": [1, 2, 3]}, t0_us=10, dt_us=5)

    assert block.times_us() == [10, 15, 20]


def test_rev_is_the_hash_of_the_content_and_not_of_itself() -> None:
    meta = with_rev(Meta(name="Oven"))

    assert with_rev(meta) == meta
    assert with_rev(msgspec.structs.replace(meta, rev="old")) == meta
    assert with_rev(Meta(name="Oven", channels={"t": Channel()})).rev != meta.rev
    assert len(meta.rev) == 12


def test_one_message_class_can_be_read_by_itself() -> None:
    assert decode_as(Note, b'{"ts":1,"text":"x","by":"anna"}') == Note(ts=1, text="x", by="anna")
    with pytest.raises(MessageError, match="not a valid Note message: Object missing required field"):
        decode_as(Note, b"{}")


# --- garbage ----------------------------------------------------------------------------------------------------------

kinds = st.sampled_from(list(Kind))


@settings(max_examples=500)
@given(kinds, st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: Kind, payload: bytes) -> None:
    reads(kind, payload)


@given(st.sampled_from(VALID), st.data())
def test_a_message_cut_off_anywhere_is_refused(item: tuple[Kind, Case], data: st.DataObject) -> None:
    kind, case = item
    cut = data.draw(st.integers(0, len(case.wire) - 1))

    assert reads(kind, case.wire[:cut]) is None


@given(st.sampled_from(VALID), st.data())
def test_a_message_with_wrong_bytes_is_read_or_refused(item: tuple[Kind, Case], data: st.DataObject) -> None:
    kind, case = item
    wire = bytearray(case.wire)
    for at in data.draw(st.lists(st.integers(0, len(wire) - 1), min_size=1, max_size=5)):
        wire[at] = data.draw(st.integers(0, 255))

    reads(kind, bytes(wire))


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=500)
@given(st.sampled_from(VALID), st.data())
def test_anything_anywhere_is_refused_or_can_be_passed_on_and_stored(
    item: tuple[Kind, Case], data: st.DataObject
) -> None:
    """What was read can be written again, and every integer in it fits a database's column."""
    kind, case = item
    payload = copy.deepcopy(case.payload)
    replace_somewhere(payload, data)

    message = reads(kind, json.dumps(payload).replace("Infinity", "1e999").encode())

    if message is not None:
        again = encode(message)
        assert decode(kind, again) == message
        assert all(-(2**63) <= number < 2**64 for number in integers_of(json.loads(again)))


def replace_somewhere(payload: Any, data: st.DataObject) -> None:
    while True:
        places = list(payload) if isinstance(payload, dict) else list(range(len(payload)))
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        if not isinstance(payload[place], (dict, list)) or data.draw(st.booleans()):
            payload[place] = data.draw(anything)
            return
        payload = payload[place]


def integers_of(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from integers_of(inner)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("depth", [100, 10_000, 1_000_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}', "[", '{"values":'])
def test_deep_nesting_ends_nobody(kind: Kind, depth: int, brackets: str) -> None:
    opening, closing = (brackets[:-1], brackets[-1]) if brackets[-1] in "]}" else (brackets, "")
    nested = opening * depth + "1" + closing * depth

    reads(kind, nested.encode())
    assert reads(Kind.DATA, f'{{"ts":1,"values":{{"a":{nested}}}}}'.encode()) is None


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    "number", ["9" * 5000, "-" + "9" * 400, "1e999", "0." + "1" * 5000, "1e-999", "NaN", "-Infinity"]
)
def test_huge_numbers_are_read_as_finite_or_refused(kind: Kind, number: str) -> None:
    for case in valid(kind):
        for field in case.payload:
            payload = json.dumps(case.payload | {field: "HERE"}).replace('"HERE"', number)

            message = reads(kind, payload.encode())

            assert message is None or all(abs(n) < 2**64 for n in integers_of(json.loads(encode(message))))
