"""A small laboratory in which faults are planted: Mosquitto, configurations, folders and secrets, all real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker.client import Client
from broker.messages import encode
from labwire.doctor.__main__ import examine
from labwire.doctor.account import account
from labwire.doctor.finding import Finding
from tests.support.broker import TestBroker, password


@dataclass
class Planted:
    """Files below ``folder``; ``doctor`` looks at them as ``labwire doctor`` does."""

    folder: Path
    port: int

    def write(self, kind: str, text: str, by: str, **broker: Any) -> Path:
        """``<kind>.toml`` with a good ``[broker]`` of ``by``, unless ``broker`` says otherwise."""
        secret = self.folder / f"{by}.secret"
        if not secret.exists():
            secret.write_text(password(by))
            secret.chmod(0o600)
        table = {"port": self.port, "user": by, "password_file": str(secret)} | broker
        lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
        path = self.folder / f"{kind}.toml"
        path.write_text(text + "\n[broker]\n" + "\n".join(lines) + "\n")
        return path

    def logger(self, more: str = "", **broker: Any) -> Path:
        return self.write("logger", f'data_dir = "{self.folder}/logger"\n{more}', "logger-main", **broker)

    def bridge(self, more: str = "", **broker: Any) -> Path:
        return self.write("bridge", f'data_dir = "{self.folder}/bridge"\n{more}', "bridge-main", **broker)

    def edge(self, serial: str | Path = "tcp://127.0.0.1:4001", name: str = "balance1", **broker: Any) -> Path:
        text = (
            f'[edge]\nname = "pi"\ndata_dir = "{self.folder}/edge"\n'
            f'[[instrument]]\nname = "{name}"\ndriver = "mt-sics"\nport = "{serial}"\n'
        )
        return self.write("edge", text, "edge-pi", **broker)

    async def doctor(self, *files: Path, user: str | None = None) -> list[Finding]:
        return await examine(list(files), account(user))


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def checks(findings: list[Finding]) -> set[str]:
    return {f.check for f in findings}


def one(findings: list[Finding], check: str) -> Finding:
    """The one finding of ``check``; it says what to do."""
    (found,) = [f for f in findings if f.check == check]
    assert found.remedy
    return found


async def say(broker: TestBroker, user: str, topic: str, message: Any, *, expiry_s: int | None = 90) -> None:
    """Retain a message, as its sender would."""
    async with Client(broker.config(user), f"{user}-test") as client:
        await anext(client.connections())
        await client.publish(topic, encode(message), retain=True, expiry_s=expiry_s)


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncIterator[int]:
    """The port of a server that is no broker: it says ``answer`` to whatever comes, with None nothing."""

    served: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        await reader.read(100)
        if answer is not None:
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in served if task is not None))
