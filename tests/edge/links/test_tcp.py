import asyncio

import pytest

from edge.links.base import LinkError, NoAnswerError
from edge.links.tcp import TcpLink
from edge.simulators.counter import CounterDevice
from tests.edge.support import over_tcp, unused_port


async def test_question_and_answer() -> None:
    async with over_tcp(CounterDevice()) as new_link:
        link = new_link()
        await link.open()
        answers = [(await link.ask(b"COUNT?\r\n", b"\r\n", 5)).data for _ in range(3)]
        await link.close()

        assert answers == [b"0\r\n", b"1\r\n", b"2\r\n"]


async def test_nobody_there() -> None:
    link = TcpLink("127.0.0.1", unused_port())
    with pytest.raises(LinkError, match=r"tcp://127\.0\.0\.1:\d+: .*refused"):
        await link.open()
    await link.close()


async def test_write_before_open() -> None:
    with pytest.raises(LinkError, match="not open"):
        await TcpLink("127.0.0.1", 1).write(b"?")


async def test_the_instrument_closes_the_connection() -> None:
    async def shut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"half")
        writer.close()

    server = await asyncio.start_server(shut, "127.0.0.1", 0)
    async with server:
        link = TcpLink("127.0.0.1", server.sockets[0].getsockname()[1])
        await link.open()
        with pytest.raises(LinkError, match="the instrument closed the connection"):
            await link.ask(b"?\n", b"\n", 5)
        with pytest.raises(LinkError, match="closed the connection"):
            await link.write(b"?\n")
        await link.close()


async def test_pieces_and_silence() -> None:
    async with over_tcp(CounterDevice()) as new_link:
        link = new_link()
        await link.open()
        await link.write(b"COUNT?\nCOUNT?\n")
        data = b""
        while len(data) < 6:
            data += b"".join(p.data for p in await link.read_pieces(5))

        assert data == b"0\r\n1\r\n"
        with pytest.raises(NoAnswerError):
            await link.read_pieces(0.05)
        await link.close()
