"""How the tools reach the broker: from any component's file, from broker.toml, or from the command line."""

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from broker.config import BrokerConfig, ConfigError, load, load_broker
from broker.topics import TopicError
from broker.users import UsersConfig

FOLDERS = (Path("/etc/labwire"), Path())
READERS = ("viewer", "operator", "bridge", "logger")
"""Roles that may read everything below the root."""
FAVOURITES = ("broker", "bridge", "logger", "calibration", "msr", "edge")
"""Whose file is taken where none is named: the one that may read most comes first."""
ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - names for "every address", nothing is bound here


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``-c FILE`` or ``--host … --user …``: the same for every tool."""
    where = parser.add_argument_group("the broker")
    where.add_argument("-c", "--config", type=Path, metavar="FILE", help="any component's TOML, or broker.toml")
    where.add_argument("--host", help="default: 127.0.0.1, when no file is found")
    where.add_argument("--port", type=int)
    where.add_argument("--user")
    where.add_argument("--password-file", metavar="FILE", help="its first line is the password")
    where.add_argument("--ca-file", metavar="FILE", help="whoever vouches for the broker's certificate; means TLS")
    where.add_argument("--root", help="the first level of the topics, default lab")


def chosen(args: argparse.Namespace, folders: Sequence[Path] = FOLDERS) -> BrokerConfig:
    """How to reach the broker; what stands on the command line goes before the file. Raises ConfigError."""
    given = {
        key: value
        for key in ("host", "port", "user", "password_file", "ca_file", "root")
        if (value := getattr(args, key)) is not None
    }
    given |= {"tls": True} if args.ca_file else {}
    found = from_file(args.config) if args.config else None if args.host else first(folders)
    try:
        return msgspec.convert(msgspec.structs.asdict(found or BrokerConfig()) | given, BrokerConfig)
    except (msgspec.ValidationError, TopicError) as e:
        raise ConfigError(str(e)) from e


def from_file(path: Path) -> BrokerConfig:
    """The broker as ``path`` has it. Raises ConfigError."""
    return server(load(path, UsersConfig)) if is_server(path) else load_broker(path)


def first(folders: Sequence[Path]) -> BrokerConfig | None:
    """The file that is there, by FAVOURITES."""
    for name in FAVOURITES:
        for folder in folders:
            if (folder / f"{name}.toml").is_file():
                return from_file(folder / f"{name}.toml")
    return None


def is_server(path: Path) -> bool:
    """Whether ``path`` is a broker.toml: it names Mosquitto's folder of secrets."""
    try:
        return "secrets_dir" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def server(config: UsersConfig) -> BrokerConfig:
    """How a user of broker.toml who may read everything connects on this machine. Raises ConfigError."""
    for name, secret in _readers(config):
        return BrokerConfig(
            host="127.0.0.1" if config.host in ANY else config.host,
            port=config.port,
            root=config.root,
            user=name,
            password_file=str(secret),
        )
    raise ConfigError(
        f"no user of broker.toml that may read everything ({', '.join(READERS)}) has a password in {config.secrets_dir}"
    )


def _readers(config: UsersConfig) -> Iterator[tuple[str, Path]]:
    for role in READERS:
        for user in config.user:
            secret = Path(config.secrets_dir) / user.name
            if user.role == role and not user.root and secret.is_file():
                yield user.name, secret
