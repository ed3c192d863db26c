"""The demo's data folder: passwords and tokens made once, configurations written at each start, data that stays."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker import mosquitto
from broker.acl import User
from broker.config import BrokerConfig, ConfigError

INSTRUMENTS = {"balance1": "mt-sics", "stirrer1": "namur", "vib1": "vibration"}
"""Name → simulated kind."""

USERS = (
    User("edge-demo", "edge", tuple(INSTRUMENTS)),
    User("logger-main", "logger"),
    User("bridge-main", "bridge"),
    User("viewer", "viewer"),
    User("operator", "operator"),
)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the page and the broker listen, and on which address the page does."""

    host: str
    page: int
    broker: int


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """The paths inside one demo's folder, and what is kept there."""

    path: Path

    @property
    def mosquitto(self) -> Path:
        return self.path / "mosquitto"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def lines(self) -> Path:
        """The simulated serial lines, one link each."""
        return self.path / "lines"

    @property
    def link_file(self) -> Path:
        return self.path / "operator-link"

    def config(self, component: str) -> Path:
        return self.path / f"{component}.toml"

    def broker_config(self, user: str, ports: Ports) -> BrokerConfig:
        """How ``user`` reaches the demo's broker."""
        return BrokerConfig(port=ports.broker, user=user, password_file=str(self.secret_file(user)))

    def secret_file(self, name: str) -> Path:
        return self.path / "secrets" / name

    def secret(self, name: str) -> str:
        """A password or token, made at the first start; its file is readable for the owner only."""
        file = self.secret_file(name)
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24) + "\n")
        return file.read_text(encoding="utf-8").strip()

    def link(self, ports: Ports, shown_host: str) -> str:
        """The address of the page with the operator's token in its fragment, which browsers never send."""
        host = f"[{shown_host}]" if ":" in shown_host else shown_host
        return f"http://{host}:{ports.page}/#token={self.secret('operator-token')}"

    def keep_link(self, link: str) -> None:
        """Remember the link for ``labwire demo --link``."""
        write_private(self.link_file, link + "\n")

    def prepare(self, ports: Ports) -> None:
        """Write everything the processes read. Raises MosquittoError."""
        mosquitto.prepare(self.mosquitto, {user: self.secret(user.name) for user in USERS}, port=ports.broker)
        write_private(self.path / "tokens.toml", tokens_text({"operator": self.secret("operator-token")}))
        for component, text in configurations(self, ports).items():
            self.config(component).write_text(text, encoding="utf-8")


def tokens_text(tokens: Mapping[str, str]) -> str:
    """The bridge's file of tokens: every one an operator's; only their hashes are kept."""
    return "".join(
        f'[[token]]\nname = "{name}"\nrole = "operator"\nsha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n'
        for name, token in tokens.items()
    )


def configurations(folder: DemoFolder, ports: Ports) -> dict[str, str]:
    """The components' files: component → TOML."""
    head = "# Written by labwire demo at each start: changes are overwritten.\n"
    return {
        "edge": head + edge_toml(folder) + broker_table(folder, "edge-demo", ports),
        "logger": head
        + f'name = "main"\ndata_dir = {quoted(folder.path / "logger")}\n'
        + broker_table(folder, "logger-main", ports),
        "bridge": head
        + 'name = "main"\n'
        + f"host = {json.dumps(ports.host)}\nport = {ports.page}\n"
        + f"data_dir = {quoted(folder.path / 'bridge')}\n"
        + f"history_db = {quoted(folder.path / 'logger' / 'labwire.db')}\n"
        + f"tokens_file = {quoted(folder.path / 'tokens.toml')}\n"
        + broker_table(folder, "bridge-main", ports),
    }


def edge_toml(folder: DemoFolder) -> str:
    """The edge's own table and one table an instrument."""
    text = f'[edge]\nname = "demo"\ndata_dir = {quoted(folder.path / "edge")}\n'
    for name, kind in INSTRUMENTS.items():
        text += f'\n[[instrument]]\nname = "{name}"\ndriver = "{kind}"\nlink = {quoted(folder.lines / name)}\n'
    return text


def broker_table(folder: DemoFolder, user: str, ports: Ports) -> str:
    return f'\n[broker]\nport = {ports.broker}\nuser = "{user}"\npassword_file = {quoted(folder.secret_file(user))}\n'


def quoted(path: Path) -> str:
    """A path as a TOML string."""
    return json.dumps(str(path), ensure_ascii=False)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


@contextmanager
def open_folder(path: Path) -> Iterator[DemoFolder]:
    """The folder, held against a second demo in it. Raises ConfigError."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (path / "lock").open("w", encoding="utf-8")
    except OSError as e:
        raise ConfigError(f"the data folder {path} cannot be used: {e.strerror}") from e
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"a demo already runs in {path}; give the second one another folder: --data") from None
        yield DemoFolder(path.resolve())
