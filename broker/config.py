"""Configuration: TOML becomes one frozen struct, secrets come from files or the environment.

Every mistake is one sentence that names the file, the key and what was expected. An unknown key is an error with the
nearest known key as a suggestion.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import msgspec

from broker.topics import Topics


class ConfigError(Exception):
    """A configuration that cannot be used; the text is for the person who wrote it."""


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the broker is and who we are there: the table ``[broker]`` of every component's file.

    Overridden by LABWIRE_BROKER_HOST, _PORT, _USER, _PASSWORD_FILE, _CA_FILE, _TLS, _ROOT; LABWIRE_BROKER_PASSWORD is
    the password itself.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    user: str = ""
    password_file: str = ""
    tls: bool = False
    ca_file: str = ""
    root: str = "lab"

    def __post_init__(self) -> None:
        Topics(self.root)
        if self.ca_file and not self.tls:
            raise ValueError("ca_file is set and tls is not: the connection would not be encrypted")

    def password(self, env: Mapping[str, str] = os.environ) -> str | None:
        """The password: LABWIRE_BROKER_PASSWORD, else the content of ``password_file``, else None.

        Raises ConfigError when the file cannot be read.
        """
        if "LABWIRE_BROKER_PASSWORD" in env:
            return env["LABWIRE_BROKER_PASSWORD"]
        return read_secret(self.password_file, "broker.password_file") if self.password_file else None


def read_secret(file: str, key: str) -> str:
    """The first line of a secret's file. Raises ConfigError naming ``key`` and the file."""
    try:
        lines = Path(file).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{key} names {file}, which cannot be read: {_reason(e)}") from e
    if not lines[0].strip():
        raise ConfigError(f"{key} names {file}, whose first line is empty")
    return lines[0].strip()


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


T = TypeVar("T", bound=msgspec.Struct)


def load(path: Path, type_: type[T], env: Mapping[str, str] = os.environ) -> T:
    """Read the TOML file ``path`` as the frozen struct ``type_``.

    A table ``[broker]`` is overridden by the environment; relative ``*_file`` and ``*_dir`` values are taken from the
    file's own folder. Raises ConfigError.
    """
    return parse(_text(path), type_, str(path), env, path.parent)


class _BrokerOnly(msgspec.Struct, frozen=True):
    broker: BrokerConfig


def load_broker(path: Path, env: Mapping[str, str] = os.environ) -> BrokerConfig:
    """Only the table ``[broker]`` of any component's file, as ``load`` would read it. Raises ConfigError."""
    table = {"broker": _toml(_text(path), str(path)).get("broker", {})}
    return _made(table, _BrokerOnly, str(path), env, path.parent).broker


def parse(text: str, type_: type[T], name: str, env: Mapping[str, str] = os.environ, folder: Path | None = None) -> T:
    """The same for a text; ``name`` stands for the file in messages. Raises ConfigError."""
    return _made(_toml(text, name), type_, name, env, folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path} cannot be read: {_reason(e)}") from e


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{name} is not valid TOML: {e}") from e


def _made(table: dict[str, Any], type_: type[T], name: str, env: Mapping[str, str], folder: Path | None) -> T:
    if "broker" in type_.__struct_fields__:
        broker = table.get("broker", {})
        if not isinstance(broker, dict):
            raise ConfigError(f"{name}: key 'broker' is {broker!r}, a table [broker] was expected")
        table["broker"] = broker | _from_env(env)
    if folder is not None:
        _resolve(table, folder)
    return convert(table, type_, name)


def convert(table: Mapping[str, Any], type_: type[T], where: str) -> T:
    """Read a table that TOML has already parsed; ``where`` begins every message. Raises ConfigError."""
    begin = f"{where}: " if where else ""
    unknown = sorted(_unknown(table, type_))
    if unknown:
        raise ConfigError(begin + "; ".join([*unknown, *_wrong(table, type_)]))
    try:
        return msgspec.convert(table, type_)
    except msgspec.ValidationError as e:
        raise ConfigError(begin + "; ".join(_wrong(table, type_) or [_plain(e, type_)])) from e


def _from_env(env: Mapping[str, str]) -> dict[str, Any]:
    types: dict[str, Callable[[str], Any]] = {"port": int, "tls": lambda v: v.lower() in ("1", "true", "yes")}
    found: dict[str, Any] = {}
    for field in BrokerConfig.__struct_fields__:
        key = f"LABWIRE_BROKER_{field.upper()}"
        if key in env:
            try:
                found[field] = types.get(field, str)(env[key])
            except ValueError as e:
                raise ConfigError(f"the environment's {key} is {env[key]!r}, a whole number was expected") from e
    return found


def _resolve(table: dict[str, Any], folder: Path) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _resolve(value, folder)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    _resolve(item, folder)
        elif isinstance(value, str) and value and key.endswith(("_file", "_dir")):
            table[key] = str(folder / value)


def _unknown(table: Mapping[str, Any], type_: Any, where: str = "") -> list[str]:
    """Sentences for the keys of ``table`` that the struct ``type_`` does not have, deeply."""
    fields = {f.encode_name: f.type for f in msgspec.structs.fields(type_)}
    found: list[str] = []
    for key, value in table.items():
        if key not in fields:
            near = " or ".join(map(repr, difflib.get_close_matches(key, fields, n=2)))
            hint = f", did you mean {near}?" if near else f"; known are {', '.join(sorted(fields))}"
            found.append(f"unknown key {where + key!r}{hint}")
        else:
            found += _unknown_within(value, fields[key], f"{where}{key}.")
    return found


def _unknown_within(value: Any, type_: Any, where: str) -> list[str]:
    struct = _struct_in(type_)
    if struct is None:
        return []
    if isinstance(value, list):
        return [s for k, v in enumerate(value) if isinstance(v, dict) for s in _unknown(v, struct, f"{where}{k}.")]
    if not isinstance(value, dict):
        return []
    if getattr(type_, "__origin__", None) is dict:
        return [s for k, v in value.items() if isinstance(v, dict) for s in _unknown(v, struct, f"{where}{k}.")]
    return _unknown(value, struct, where)


def _struct_in(type_: Any) -> Any:
    """The one struct inside ``X``, ``X | None``, ``list[X]`` or ``dict[str, X]``; None if there is none or several."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    inner = [s for s in map(_struct_in, get_args(type_)) if s is not None]
    return inner[0] if len(inner) == 1 else None


def _wrong(table: Mapping[str, Any], type_: Any, where: str = "") -> list[str]:
    """Sentences for what is missing and for the first wrong value of each key, deeply."""
    found: list[str] = []
    for field in msgspec.structs.fields(type_):
        key = field.encode_name
        if key not in table:
            text = f"Object missing required field `{key}`"
            found += [f"key {where[:-1]}: {text}" if where else text] if field.required else []
        elif isinstance(table[key], dict) and isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found += _wrong(table[key], field.type, f"{where}{key}.")
        else:
            found += _wrong_value(table[key], field.type, key, where)
    return found


def _wrong_value(value: Any, type_: Any, key: str, where: str) -> list[str]:
    one = msgspec.defstruct("_One", [(key, type_)])
    try:
        msgspec.convert({key: value}, one)
    except msgspec.ValidationError as e:
        return [_plain(e, one, where)]
    return []


def _plain(error: msgspec.ValidationError, type_: Any, within: str = "") -> str:
    text, _, where = str(error).partition(" - at `$.")
    where = where.rstrip("`")
    if text.startswith("Invalid enum value ") and (choices := _choices(type_, where)):
        text = f"{text.removeprefix('Invalid enum value ')} was given, allowed are {', '.join(map(repr, choices))}"
    return f"key {within}{where}: {text}" if where else text


def _choices(type_: Any, where: str) -> list[str]:
    """What the Literal at the key path ``where`` (``user[2].role``) allows; nothing when it cannot be found."""
    for key in where.replace("[...]", "").split("."):
        struct = _struct_in(type_)
        fields = {f.encode_name: f.type for f in msgspec.structs.fields(struct)} if struct else {}
        type_ = fields.get(key.partition("[")[0])
    return _texts(type_)


def _texts(type_: Any) -> list[str]:
    if isinstance(type_, str):
        return [type_]
    return [text for inner in get_args(type_) for text in _texts(inner)]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
