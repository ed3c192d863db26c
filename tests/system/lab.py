"""A whole laboratory on one machine: Mosquitto, simulated instruments, edge, logger and bridge as real processes."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from broker import mosquitto
from broker.config import BrokerConfig
from edge.simulators.journal import read_journal
from edge.simulators.run import tell
from tests.support.broker import TestBroker
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
TOKENS = {"anna": "operator", "victor": "viewer"}

STREAM = """
[[instrument]]
name = "{name}"
port = "{port}"
simulated = true
stream = [{{ pattern = 'C (?P<n>\\d+)' }}]
channels.n = {{ type = "int", label = "Counter" }}
"""
POLL = """
[[instrument]]
name = "{name}"
port = "{port}"
simulated = true
poll = [{{ send = "COUNT?", every_ms = 50, pattern = '(?P<n>\\d+)' }}]
channels.n = {{ type = "int", label = "Counter" }}

[instrument.commands.set]
send = "SET {{text}}"
done = 'OK .*'
label = "Set"
args.text = {{ type = "str" }}
"""


@dataclass
class Program:
    """One labwire program as a process of its own, with its output in a file."""

    name: str
    args: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-W", "default", "-m", "labwire", *self.args,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env=os.environ | self.environment,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def end(self, sig: signal.Signals = signal.SIGTERM, grace_s: float = 20.0) -> int:
        """Send ``sig``, wait, and return the exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(sig)
        try:
            return await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise AssertionError(f"{self.name} did not end within {grace_s} s of {sig.name}:\n{self.tail()}") from None

    async def kill(self) -> None:
        """kill -9."""
        await self.end(signal.SIGKILL)

    async def restart(self) -> None:
        """The same again, as systemd would."""
        await self.start()

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@dataclass
class Lab:
    """The programs of one test around one Mosquitto; ``laboratory`` ends them all. ``environments``: variables that a
    program gets besides, by its name."""

    folder: Path
    broker: TestBroker
    proxy: Proxy
    page_port: int = field(default_factory=mosquitto.free_port)
    programs: dict[str, Program] = field(default_factory=dict)
    environments: dict[str, Mapping[str, str]] = field(default_factory=dict)

    # --- starting ---

    async def run(self, name: str, *args: str) -> Program:
        program = Program(name, args, self.folder / f"{name}.log", self.environments.get(name, {}))
        self.programs[name] = program
        await program.start()
        return program

    async def simulate(self, *words: str) -> None:
        """Simulated instruments, e.g. ``counter:i0@500``; their ports appear in ``lines``."""
        await self.run(
            "simulator", "edge", "simulate", *words, "--dir", str(self.lines), "--journal", str(self.journal)
        )
        names = [w.partition(":")[2].partition("@")[0] for w in words]
        await eventually(lambda: all((self.lines / n).is_symlink() for n in names), what="simulated ports")

    async def edge(self, *instruments: str, spool_bytes: int = 0, name: str = "pi", stored_by: str = "main") -> Program:
        """An edge with these tables, behind the proxy."""
        program = "edge" if name == "pi" else f"edge-{name}"
        text = f'[edge]\nname = "{name}"\ndata_dir = "{self.folder}/{program}"\nspool_bytes = {spool_bytes}\n'
        text += f'stored_by = "{stored_by}"\n' + "".join(instruments)
        return await self.run(
            program, "edge", "run", "-c", self._config(program, text, f"edge-{name}", self.proxy.port)
        )

    async def logger(
        self, port: int | None = None, *, name: str = "main", instruments: Sequence[str] = (), tables: str = ""
    ) -> Program:
        """A logger; ``port`` of a proxy, if it shall be behind one; ``instruments``: its patterns; ``tables``: more of
        its configuration."""
        program = "logger" if name == "main" else f"logger-{name}"
        text = f'name = "{name}"\ndata_dir = "{self.folder}/{program}"\n'
        text += (f"instruments = {json.dumps(list(instruments))}\n" if instruments else "") + tables
        return await self.run(program, "logger", "run", "-c", self._config(program, text, f"logger-{name}", port))

    async def bridge(self) -> Program:
        tokens = self.folder / "tokens.toml"
        for name, role in TOKENS.items():
            if not (self.folder / f"{name}.token").exists():
                token = await self.labwire("bridge", "token", "add", name, "--role", role, "--file", str(tokens))
                (self.folder / f"{name}.token").write_text(token.split()[-1])
        text = (
            f'port = {self.page_port}\ndata_dir = "{self.folder}/bridge"\nhistory_db = "{self.database}"\n'
            f'tokens_file = "{tokens}"\ncalibration_dir = "{self.folder}/cal"\n'
        )
        program = await self.run("bridge", "bridge", "run", "-c", self._config("bridge", text, "bridge-main"))
        await eventually(self._page_is_there, 30, "the bridge's page")
        return program

    async def _page_is_there(self) -> bool:
        assert self.programs["bridge"].alive, self.programs["bridge"].tail()
        async with httpx.AsyncClient() as http:
            try:
                answer = await http.get(f"{self.url}/healthz")
            except httpx.TransportError:
                return False
        return bool(answer.json().get("broker") == "up")

    def _config(self, name: str, text: str, user: str, port: int | None = None) -> str:
        config: BrokerConfig = self.broker.config(user, port)
        # Plain keys stand before the first table.
        head, bracket, tables = text.partition("\n[") if not text.startswith("[") else ("", "[", text[1:])
        table = f'\n[broker]\nport = {config.port}\nuser = "{user}"\npassword_file = "{config.password_file}"\n\n'
        path = self.folder / f"{name}.toml"
        path.write_text(head + table + bracket + tables)
        return str(path)

    # --- looking ---

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def lines(self) -> Path:
        return self.folder / "lines"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.tsv"

    @property
    def database(self) -> Path:
        return self.folder / "logger" / "labwire.db"

    def token(self, name: str) -> str:
        return (self.folder / f"{name}.token").read_text()

    def http(self, name: str = "anna") -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.token(name)}"}, timeout=30)

    def tell(self, instrument: str, words: str) -> None:
        """Switch a fault of a simulated instrument."""
        tell(self.lines, instrument, words)

    async def labwire(self, *args: str) -> str:
        """Run a labwire command as a user would; its standard output. The proxy goes on meanwhile."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "labwire", *args,
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, err = (text.decode() for text in await process.communicate())
        assert process.returncode == 0, f"labwire {' '.join(args)}: exit code {process.returncode}\n{out}{err}"
        return out

    def on_the_line(self, instrument: str, direction: str) -> list[bytes]:
        """What the instrument sent (``>``) or received (``<``), from the simulator's own journal."""
        return [e.data for e in read_journal(self.journal) if e.name == instrument and e.direction == direction]

    def sent(self, instrument: str) -> list[int]:
        """The numbers that a simulated counter has put on its line."""
        return [int(line.split()[-1]) for line in self.on_the_line(instrument, ">") if line.split()[-1:] != [b"OK"]]

    async def stored(self, instrument: str, channel: str = "n", *, by: str = "logger") -> list[int]:
        """The counter's numbers as an export has them, in the order of (boot, seq)."""
        return [int(row[channel]) for row in await self.exported(instrument, by=by)]

    async def exported(self, instrument: str, *, by: str = "logger") -> list[dict[str, str]]:
        """What ``labwire export`` writes, ordered by (boot, seq); checks that no identity comes twice."""
        out = self.folder / f"{instrument}.csv"
        await self.labwire(
            "export",
            "-c",
            str(self.folder / f"{by}.toml"),
            "--instrument",
            instrument,
            "--format",
            "csv",
            "-o",
            str(out),
        )
        with out.open(newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
        rows.sort(key=lambda r: (r["boot"], int(r["seq"])))
        identities = [(r["boot"], r["seq"]) for r in rows]
        assert len(identities) == len(set(identities)), f"{instrument}: a sample set is stored twice"
        return rows

    async def ledger(self, instrument: str, *, by: str = "logger") -> list[dict[str, Any]]:
        """What ``labwire logger ledger --json`` says of an instrument's samples, one entry a boot."""
        said = await self.labwire(
            "logger", "ledger", "-c", str(self.folder / f"{by}.toml"), "--instrument", instrument, "--json"
        )
        return [line for line in _json_lines(said) if line["stream"] == "samples"]


def _json_lines(text: str) -> Iterator[dict[str, Any]]:
    whole = json.loads(text) if text.lstrip().startswith("[") else None
    yield from whole if whole is not None else (json.loads(line) for line in text.splitlines() if line)


@asynccontextmanager
async def laboratory(folder: Path, broker: TestBroker) -> AsyncIterator[Lab]:
    """A lab without programs yet; at the end every program must still live and end well."""
    async with Proxy(broker.port) as proxy:
        lab = Lab(folder, broker, proxy)
        try:
            yield lab
        except BaseException:
            for program in lab.programs.values():
                print(f"--- {program.name} ({'alive' if program.alive else 'ended'})\n{program.tail()}")
            raise
        finally:
            codes = {p.name: await p.end() for p in reversed(lab.programs.values())}
        assert set(codes.values()) <= {0}, f"exit codes {codes}"


@asynccontextmanager
async def temporary_laboratory() -> AsyncIterator[Lab]:
    """The same in a folder of its own with a Mosquitto of its own, for benchmarks."""
    with tempfile.TemporaryDirectory() as folder:
        broker = TestBroker(Path(folder) / "mosquitto")
        broker.prepare()
        await broker.start()
        try:
            async with laboratory(Path(folder), broker) as lab:
                yield lab
        finally:
            await broker.stop()
