"""The files to look at: which component each belongs to, and what stands in it."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from broker.config import BrokerConfig, ConfigError, load, load_broker
from broker.users import UsersConfig
from labwire import credentials
from labwire.doctor.finding import Finding

Kind = Literal["edge", "msr", "logger", "bridge", "calibration", "replay", "broker"]
EXTRAS = {"replay": "logger"}
"""Whose extra has another name."""
READERS: dict[Kind, tuple[str, str]] = {
    "edge": ("edge.config", "read_config"),
    "msr": ("msr_adapter.config", "read_config"),
    "logger": ("logger.config", "read"),
    "bridge": ("bridge_ws.config", "read"),
    "calibration": ("calibration.live.config", "read"),
    "replay": ("logger.replay.config", "read"),
}
"""Who reads a component's file strictly: module and function."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file. ``config`` is the component's own struct, None when it cannot be read; ``broker`` how it connects."""

    kind: Kind
    path: Path
    config: Any = None
    broker: BrokerConfig | None = None

    @property
    def data_dir(self) -> Path | None:
        """Where it keeps its data."""
        table = getattr(self.config, self.kind, self.config)
        found = getattr(table, "data_dir", "")
        return Path(found) if found else None

    @property
    def secrets(self) -> Iterator[tuple[str, Path]]:
        """Key and path of each file that is nobody else's business."""
        if self.broker is not None and self.broker.password_file and self.kind != "broker":
            yield "broker.password_file", Path(self.broker.password_file)
        influx = getattr(self.config, "influx", None)
        if influx is not None and influx.token_file:
            yield "influx.token_file", Path(influx.token_file)
        if getattr(self.config, "tokens_file", ""):
            yield "tokens_file", Path(self.config.tokens_file)
        if self.kind == "msr" and self.config is not None and self.config.msr.key_file:
            yield "msr.key_file", Path(self.config.msr.key_file)


def find(given: Sequence[Path], folders: Iterable[Path] = credentials.FOLDERS) -> list[Path]:
    """The files to look at: those given, every .toml of a folder given, else what ``folders`` have. Raises
    ConfigError when there is none."""
    looked = list(given) or [folder for folder in folders if folder.is_dir()]
    files = [file for path in looked for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])]
    unique = list({file.resolve(): file for file in files}.values())
    found = [f for f in unique if f in given or kind_of(f) is not None]
    if not found:
        raise ConfigError(f"no configuration of labwire in {', '.join(map(str, looked)) or 'any folder'}: name one: -c")
    return found


def kind_of(path: Path) -> Kind | None:
    """Whose file it is: by its keys, else by its name; None for another program's."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        table = {}
    if "project" in table or "tool" in table:
        return None
    if "secrets_dir" in table:
        return "broker"
    for kind in ("edge", "msr"):
        if isinstance(table.get(kind), dict):
            return kind
    if path.stem in (*READERS, "broker"):
        return path.stem
    if "data_dir" in table:
        return "bridge" if table.keys() & {"history_db", "tokens_file", "anonymous", "port"} else "logger"
    return "calibration" if "calibration_dir" in table else "replay" if "history_db" in table else None


def read(path: Path) -> tuple[Part | None, list[Finding]]:
    """The part that ``path`` describes, and what is wrong with the file itself."""
    kind = kind_of(path)
    if kind is None:
        return None, [_wrong(path, f"{path} is no configuration of labwire, or cannot be read")]
    try:
        if kind == "broker":
            config = load(path, UsersConfig)
            return Part(kind, path, config, _server(config)), []
        module, function = READERS[kind]
        strict = getattr(import_module(module), function)(path)
        return Part(kind, path, strict, strict.broker), []
    except ConfigError as e:
        return Part(kind, path, None, _broker(path)), [_wrong(path, line) for line in str(e).splitlines()]
    except ModuleNotFoundError as e:
        return Part(kind, path, None, _broker(path)), [not_installed(kind, path, e.name)]


def not_installed(kind: Kind, path: Path, library: str | None) -> Finding:
    """What cannot be looked at here."""
    text = f"{path} was not looked at as a whole: this installation has no {library}"
    remedy = f"Run labwire doctor where labwire[{EXTRAS.get(kind, kind)}] is installed."
    return Finding("warning", "not-installed", str(path), text, remedy)


def _wrong(path: Path, text: str) -> Finding:
    return Finding("error", "configuration", str(path), text, f"Correct {path}; docs/configuration.md has every key.")


def _server(config: UsersConfig) -> BrokerConfig | None:
    try:
        return credentials.server(config)
    except ConfigError:
        return None


def _broker(path: Path) -> BrokerConfig | None:
    try:
        return load_broker(path)
    except (ConfigError, msgspec.ValidationError):
        return None
