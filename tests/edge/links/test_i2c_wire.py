import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.links.i2c_wire import ANSWER, HEAD, MESSAGE, READ_FLAG, Message, read_request, response

MESSAGES = st.builds(Message, st.integers(0, 0x7F), st.binary(min_size=1, max_size=40)) | st.builds(
    Message, st.integers(0, 0x7F), st.just(b""), st.integers(1, 200)
)


def packed(message: Message) -> bytes:
    head = MESSAGE.pack(message.device, READ_FLAG if message.read else 0, message.read or len(message.data))
    return head + message.data


def parse(data: bytes) -> list[Message]:
    async def run() -> list[Message]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await read_request(reader)

    return asyncio.run(run())


@given(st.lists(MESSAGES, max_size=4))
def test_a_transaction_comes_back(messages: list[Message]) -> None:
    assert parse(HEAD.pack(len(messages)) + b"".join(map(packed, messages))) == messages


def test_half_a_transaction_is_none() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        parse(HEAD.pack(1) + MESSAGE.pack(0x44, 0, 2) + b"\x24")


def test_an_answer_begins_with_the_kernels_number() -> None:
    assert response(121, b"") == ANSWER.pack(121)
    assert response(0, b"\x01\x02") == b"\0\0\0\0\x01\x02"
