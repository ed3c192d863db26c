"""``broker.toml``: one Mosquitto, its address and its users, as a lab keeps them in version control; no secrets."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec

from broker import mosquitto
from broker.acl import STAGE, Role, User
from broker.config import ConfigError, read_secret, write_secret
from broker.topics import Topics, check_name

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
PREFIXED = ("edge", "logger", "bridge", "calibration", "replay")


class UserTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[user]]``: a program's name begins with its role (``edge-pi-03``); ``instruments`` are an edge's own;
    ``root`` is another one than the laboratory's, for a replay and who watches it."""

    name: str
    role: Role
    instruments: list[str] = []
    root: str = ""

    def __post_init__(self) -> None:
        check_name(self.name, "user")
        if self.root:
            Topics(self.root)
        for instrument in self.instruments:
            check_name(instrument)
        if self.role in PREFIXED and not self.name.startswith(f"{self.role}-"):
            raise ValueError(f"user {self.name!r} has role {self.role}, so its name begins with '{self.role}-'")
        if self.instruments and self.role != "edge":
            raise ValueError(f"user {self.name!r} is no edge, so it has no instruments")

    @property
    def user(self) -> User:
        return User(self.name, self.role, tuple(self.instruments), self.root)


class UsersConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """broker.toml: ``data_dir`` is Mosquitto's folder, ``secrets_dir`` holds one password file a user."""

    data_dir: str
    secrets_dir: str
    host: str = "127.0.0.1"
    port: Port = 1883
    ws_port: Port | None = None
    root: str = "lab"
    user: list[UserTable] = []

    def __post_init__(self) -> None:
        Topics(self.root)
        names = [u.name for u in self.user]
        if on_stage := [u.name for u in self.user if u.role == "replay" and (u.root or STAGE) == self.root]:
            raise ValueError(f"user {on_stage[0]} would replay into the laboratory itself: give it another root")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"user {', '.join(twice)} stands there more than once")


def prepare(config: UsersConfig, random: Callable[[int], str] = secrets.token_urlsafe) -> list[str]:
    """Write Mosquitto's folder, making the passwords that are missing; returns the names of those users.

    ``random(bytes)`` gives text. Raises ConfigError and MosquittoError.
    """
    folder = Path(config.secrets_dir)
    made = [u.name for u in config.user if not (folder / u.name).exists()]
    try:
        for name in made:
            write_secret(folder / name, random(24) + "\n")
    except OSError as e:
        raise ConfigError(f"secrets_dir {folder} cannot be written: {e.strerror or e}") from e
    passwords = {u.user: read_secret(str(folder / u.name), f"the password of {u.name}") for u in config.user}
    mosquitto.prepare(
        Path(config.data_dir), passwords, port=config.port, ws_port=config.ws_port, host=config.host, root=config.root
    )
    return made
