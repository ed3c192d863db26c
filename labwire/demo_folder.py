"""The demo's data folder: passwords and tokens made once, configurations written at each start, data that stays."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge_ws import tokens
from broker import users
from broker.acl import STAGE
from broker.config import BrokerConfig, read_secret, write_secret
from broker.folder import lock
from broker.users import UsersConfig, UserTable
from edge.examples import demo_toml
from labwire import demo_calibration
from msr_adapter.examples import plant_toml

INSTRUMENTS = {"balance1": "mt-sics", "stirrer1": "namur", "vib1": "vibration", "dmm1": "dmm", "bath1": "bath"}
"""Name → simulated kind."""

PLANT = ("steeping", "germination", "kiln")
"""The instruments of the simulated EtherLab server."""

USERS = [
    UserTable(name="edge-demo", role="edge", instruments=list(INSTRUMENTS)),
    UserTable(name="edge-etherlab", role="edge", instruments=list(PLANT)),
    UserTable(name="logger-main", role="logger"),
    UserTable(name="bridge-main", role="bridge"),
    UserTable(name="replay-main", role="replay"),
    UserTable(name="bridge-replay", role="bridge", root=STAGE),
    UserTable(name="calibration-main", role="calibration"),
    UserTable(name="viewer", role="viewer"),
    UserTable(name="operator", role="operator"),
]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the page, the broker and the simulated plant listen, and on which address the page does."""

    host: str
    page: int
    broker: int
    plant: int = 2345


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
    def plant_control(self) -> Path:
        """Where faults of the simulated plant are switched."""
        return self.lines / "plant.control"

    @property
    def register(self) -> Path:
        """The register of calibrations."""
        return self.path / "register"

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

    def token(self) -> str:
        """The operator's token, made at the first start."""
        file = self.secret_file("operator-token")
        if not file.exists():
            write_secret(file, secrets.token_urlsafe(32) + "\n")
        return read_secret(str(file), "the operator's token")

    def link(self, ports: Ports, shown_host: str) -> str:
        """The address of the page with the operator's token in its fragment, which browsers never send."""
        host = f"[{shown_host}]" if ":" in shown_host else shown_host
        return f"http://{host}:{ports.page}/#token={self.token()}"

    def operator(self) -> tokens.Token:
        """The one entry of the bridge's tokens."""
        return tokens.Token("operator", "operator", tokens.digest(self.token()))

    def keep_link(self, link: str) -> None:
        """Remember the link for ``labwire demo --link``."""
        write_secret(self.link_file, link + "\n")

    def prepare(self, ports: Ports) -> None:
        """Write everything the processes read. Raises ConfigError and MosquittoError."""
        secrets_dir = str(self.path / "secrets")
        self.lines.mkdir(exist_ok=True)
        self.plant_control.unlink(missing_ok=True)  # of a demo that was killed: it would look like one that listens
        users.prepare(UsersConfig(data_dir=str(self.mosquitto), secrets_dir=secrets_dir, port=ports.broker, user=USERS))
        write_secret(self.path / "tokens.toml", tokens.render([self.operator()]))
        demo_calibration.prepare(self.register, f"http://{ports.host}:{ports.page}")
        for component, text in configurations(self, ports).items():
            self.config(component).write_text(text, encoding="utf-8")


def configurations(folder: DemoFolder, ports: Ports) -> dict[str, str]:
    """The components' files: component → TOML."""
    head = "# Written by labwire demo at each start: changes are overwritten.\n"
    return {
        "edge": head + demo_toml(folder.lines, folder.path / "edge", folder.broker_config("edge-demo", ports)),
        "msr": head + plant_toml(ports.plant, folder.path / "msr", folder.broker_config("edge-etherlab", ports)),
        "logger": head
        + f'name = "main"\ndata_dir = {quoted(folder.path / "logger")}\n'
        + broker_table(folder, "logger-main", ports),
        "bridge": head
        + 'name = "main"\n'
        + f"host = {json.dumps(ports.host)}\nport = {ports.page}\n"
        + f"data_dir = {quoted(folder.path / 'bridge')}\n"
        + f"history_db = {quoted(folder.path / 'logger' / 'labwire.db')}\n"
        + f"tokens_file = {quoted(folder.path / 'tokens.toml')}\n"
        + f"calibration_dir = {quoted(folder.register)}\n"
        + broker_table(folder, "bridge-main", ports),
        "calibration": head
        + f"calibration_dir = {quoted(folder.register)}\n"
        + broker_table(folder, "calibration-main", ports),
        "replay": head
        + f"history_db = {quoted(folder.path / 'logger' / 'labwire.db')}\n"
        + broker_table(folder, "replay-main", ports),
        "stage": head
        + 'name = "replay"\nstored_by = ""\n'
        + f"host = {json.dumps(ports.host)}\nport = {min(ports.page + 1, 65535)}\n"
        + f"data_dir = {quoted(folder.path / 'stage')}\n"
        + f"tokens_file = {quoted(folder.path / 'tokens.toml')}\n"
        + broker_table(folder, "bridge-replay", ports)
        + f'root = "{STAGE}"\n',
    }


def broker_table(folder: DemoFolder, user: str, ports: Ports) -> str:
    return f'\n[broker]\nport = {ports.broker}\nuser = "{user}"\npassword_file = {quoted(folder.secret_file(user))}\n'


def quoted(path: Path) -> str:
    """A path as a TOML string."""
    return json.dumps(str(path), ensure_ascii=False)


@contextmanager
def open_folder(path: Path) -> Iterator[DemoFolder]:
    """The folder, held against a second demo in it. Raises ConfigError."""
    with lock(path):
        yield DemoFolder(path.resolve())
