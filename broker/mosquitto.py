"""Mosquitto itself: prepare its data folder, start the installed broker, wait until it is ready, stop it."""

import asyncio
import getpass
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.acl import User, acl_text
from broker.config import write_secret

READY = re.compile(rb"mosquitto version \S+ running")
LOG = "mosquitto.log"
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin", "/usr/local/opt/mosquitto/sbin")


class MosquittoError(Exception):
    """Mosquitto is not installed or did not start; the text says what to do."""


def find(program: str = "mosquitto") -> str:
    """The path of an installed Mosquitto program. Raises MosquittoError."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_SBIN])
    found = shutil.which(program, path=path)
    if found is None:
        raise MosquittoError(f"{program} is not installed: install your system's package 'mosquitto', or run 'make'")
    return found


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port of ``host`` that nobody uses now."""
    with socket.socket() as s:
        s.bind((host, 0))
        port: int = s.getsockname()[1]
        return port


def conf_file() -> Path:
    """The ``mosquitto.conf`` that labwire ships: inside an installed wheel, else at the top of the source tree."""
    packaged = Path(__file__).with_name("mosquitto.conf")
    return packaged if packaged.exists() else Path(__file__).parent.parent / "mosquitto.conf"


def render(conf: str, *, host: str, port: int, ws_port: int | None, account: str | None) -> str:
    """``mosquitto.conf`` for other ports and addresses; without ``ws_port`` there is no WebSocket listener.

    ``account`` is the system user Mosquitto becomes when started by root.
    """
    listener = re.compile(r"^listener (?P<port>\d+) 127\.0\.0\.1\n(?P<ws>protocol websockets\n)?", re.MULTILINE)

    def replace(match: re.Match[str]) -> str:
        if not match["ws"]:
            return f"listener {port} {host}\n"
        return f"listener {ws_port} {host}\nprotocol websockets\n" if ws_port else ""

    text = listener.sub(replace, conf)
    return text + (f"\nuser {account}\n" if account else "")


def prepare(
    folder: Path,
    users: Mapping[User, str],
    *,
    port: int,
    ws_port: int | None = None,
    host: str = "127.0.0.1",
    root: str = "lab",
) -> None:
    """Write configuration, ACL and hashed passwords of ``users`` (user → password) into ``folder``.

    Raises MosquittoError when Mosquitto's own password tool is missing or refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    account = getpass.getuser() if os.geteuid() == 0 else None
    conf = render(conf_file().read_text(encoding="utf-8"), host=host, port=port, ws_port=ws_port, account=account)
    (folder / "mosquitto.conf").write_text(conf, encoding="utf-8")
    write_users(folder, users, root=root)


def write_users(folder: Path, users: Mapping[User, str], *, root: str = "lab") -> None:
    """Write ``acl`` and ``passwords``; a running Mosquitto takes them at SIGHUP."""
    write_secret(folder / "acl", acl_text(users, root))
    fresh = folder / "passwords.new"
    write_secret(fresh, "".join(f"{user.name}:{password}\n" for user, password in users.items()))
    # Hashes the clear passwords in place; they never stand on a command line.
    done = subprocess.run([find("mosquitto_passwd"), "-U", str(fresh)], capture_output=True, text=True, check=False)
    if done.returncode:
        fresh.unlink()
        raise MosquittoError(f"mosquitto_passwd refused the passwords: {done.stderr.strip()}")
    fresh.chmod(0o600)
    fresh.replace(folder / "passwords")


@dataclass(frozen=True, slots=True)
class Broker:
    """A running Mosquitto."""

    folder: Path
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Ask it to end, and insist after ``grace_s``."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), grace_s)
        except TimeoutError:
            await self.kill()

    def log_tail(self, lines: int = 10) -> str:
        """Its last log lines."""
        return "\n".join((self.folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


async def start(folder: Path, timeout_s: float = 10.0) -> Broker:
    """Start Mosquitto in a prepared ``folder`` and wait until it says that it runs. Raises MosquittoError."""
    log_path = folder / LOG
    with log_path.open("ab") as log_file:
        begin = log_file.tell()
        process = await asyncio.create_subprocess_exec(
            find(), "-c", "mosquitto.conf", cwd=folder, stdout=log_file, stderr=log_file, stdin=subprocess.DEVNULL
        )
    broker = Broker(folder, process)
    try:
        async with asyncio.timeout(timeout_s):
            await _ready(broker, log_path, begin)
    except TimeoutError:
        await broker.kill()
        raise MosquittoError(f"mosquitto was not ready after {timeout_s:g} s; it said: {broker.log_tail()}") from None
    return broker


async def _ready(broker: Broker, log_path: Path, begin: int) -> None:
    # The line in its log, not an open port: the port may be somebody else's.
    while not READY.search(log_path.read_bytes()[begin:]):
        if broker.process.returncode is not None:
            raise MosquittoError(f"mosquitto ended at once; it said: {broker.log_tail()}")
        await asyncio.sleep(0.005)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Broker]:
    """Mosquitto in a prepared ``folder``, stopped at the end of the block."""
    broker = await start(folder)
    try:
        yield broker
    finally:
        await broker.stop()
