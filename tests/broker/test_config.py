import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import BrokerConfig, ConfigError, convert, load, load_broker, parse, read_secret


class Pump(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    period_s: float = 1.0
    calibration_file: str = ""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rows: int = 1000


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str = "main"
    data_dir: str = "data"
    limits: Limits | None = None
    pump: list[Pump] = []
    by_name: dict[str, Limits] = {}
    broker: BrokerConfig = BrokerConfig()


class WithoutBroker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str = "main"


def error(text: str, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, Config, "lab.toml", env or {})
    return str(caught.value)


def test_an_empty_file_is_all_defaults() -> None:
    assert parse("", Config, "lab.toml", {}) == Config()


def test_what_is_written_is_what_is_read() -> None:
    text = """
        name = "second"
        [limits]
        rows = 5
        [broker]
        host = "broker.lab"
        port = 8883
        tls = true
        [[pump]]
        name = "p1"
        period_s = 2
    """

    assert parse(text, Config, "lab.toml", {}) == Config(
        name="second",
        limits=Limits(rows=5),
        pump=[Pump(name="p1", period_s=2.0)],
        broker=BrokerConfig(host="broker.lab", port=8883, tls=True),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('nmae = "x"', "lab.toml: unknown key 'nmae', did you mean 'name'?"),
        ("[broker]\nprot = 1", "lab.toml: unknown key 'broker.prot', did you mean 'root' or 'port'?"),
        ("zzz = 1", "lab.toml: unknown key 'zzz'; known are broker, by_name, data_dir, limits, name, pump"),
        ('[[pump]]\nname = "a"\n[[pump]]\nname = "b"\nperiods = 1', "lab.toml: unknown key 'pump.1.periods', did"),
        ("[by_name.a]\nrow = 1", "lab.toml: unknown key 'by_name.a.row', did you mean 'rows'?"),
        ("[limits]\nrow = 1", "lab.toml: unknown key 'limits.row', did you mean 'rows'?"),
        ('a = 1\nnmae = "x"', "unknown key 'a'"),
        ('[broker]\nport = "1883"', "lab.toml: key broker.port: Expected `int`, got `str`"),
        ("[broker]\nport = 70000", "lab.toml: key broker.port: Expected `int` <= 65535"),
        ('[broker]\nroot = "lab/#"', "lab.toml: key broker: topic root 'lab/#' may not"),
        ('[broker]\nca_file = "ca.crt"', "lab.toml: key broker: ca_file is set and tls is not"),
        ("broker = 5", "lab.toml: key 'broker' is 5, a table [broker] was expected"),
        ("[[pump]]\nperiod_s = 1", "missing required field `name`"),
        ("pump = 5", "lab.toml: key pump: Expected `array`, got `int`"),
        ("name = ", "lab.toml is not valid TOML: "),
        ("name = 1\nname = 2", "lab.toml is not valid TOML: "),
    ],
)
def test_a_mistake_is_one_sentence_naming_file_and_key(text: str, expected: str) -> None:
    found = error(text)

    assert expected in found
    assert "\n" not in found


def test_the_environment_goes_before_the_file() -> None:
    env = {
        "LABWIRE_BROKER_HOST": "other",
        "LABWIRE_BROKER_PORT": "8883",
        "LABWIRE_BROKER_TLS": "yes",
        "LABWIRE_BROKER_ROOT": "lab2",
    }

    found = parse('[broker]\nhost = "h"\nuser = "u"', Config, "lab.toml", env).broker

    assert found == BrokerConfig(host="other", port=8883, user="u", tls=True, root="lab2")


def test_every_key_of_the_broker_has_its_variable() -> None:
    samples = {"port": "8883", "tls": "true"}
    env = {f"LABWIRE_BROKER_{f.upper()}": samples.get(f, f) for f in BrokerConfig.__struct_fields__}

    found = parse("", Config, "lab.toml", env).broker

    assert all(getattr(found, f) != getattr(BrokerConfig(), f) for f in BrokerConfig.__struct_fields__)


def test_a_wrong_variable_is_named() -> None:
    assert error("", {"LABWIRE_BROKER_PORT": "http"}) == (
        "the environment's LABWIRE_BROKER_PORT is 'http', a whole number was expected"
    )


def test_a_component_without_a_broker_takes_none_from_the_environment() -> None:
    assert parse("", WithoutBroker, "x.toml", {"LABWIRE_BROKER_HOST": "h"}) == WithoutBroker()


def test_relative_files_are_beside_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(
        'data_dir = "here"\n[broker]\npassword_file = "/abs/pw"\n[[pump]]\nname = "p"\ncalibration_file = "p.json"'
    )

    found = load(path, Config, {})

    assert found.data_dir == str(tmp_path / "here")
    assert found.broker.password_file == "/abs/pw"
    assert found.pump[0].calibration_file == str(tmp_path / "p.json")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml cannot be read: No such file or directory"):
        load(tmp_path / "nothing.toml", Config, {})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, Config, {})
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe4"')
    with pytest.raises(ConfigError, match=r"latin\.toml cannot be read"):
        load(tmp_path / "latin.toml", Config, {})


def test_a_table_read_elsewhere_is_checked_the_same_way() -> None:
    assert convert({"name": "p"}, Pump, "edge.toml, instrument 1") == Pump(name="p")
    with pytest.raises(
        ConfigError, match=re.escape("edge.toml, instrument 1: unknown key 'nam', did you mean 'name'?")
    ):
        convert({"nam": "p"}, Pump, "edge.toml, instrument 1")


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_the_password_comes_from_the_environment_the_file_or_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("secret \nanything else\n")
    config = BrokerConfig(password_file=str(file))

    assert config.password({"LABWIRE_BROKER_PASSWORD": "from env"}) == "from env"
    assert config.password({}) == "secret"
    assert BrokerConfig().password({}) is None


def test_a_secret_that_is_not_there_is_an_error_and_not_an_empty_password(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    with pytest.raises(ConfigError, match=r"broker\.password_file names .*missing, which cannot be read: No such file"):
        BrokerConfig(password_file=str(tmp_path / "missing")).password({})
    with pytest.raises(ConfigError, match="first line is empty"):
        read_secret(str(tmp_path / "empty"), "tokens_file")


def test_a_secret_is_in_no_message(tmp_path: Path) -> None:
    found = error('[broker]\npassword = "hunter2"')

    assert "unknown key 'broker.password'" in found
    assert "hunter2" not in found


# --- anything ---------------------------------------------------------------------------------------------------------

toml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from([*Config.__struct_fields__, "x"]) | st.text(max_size=5)


def sentence(read: Callable[[], object]) -> str:
    """What the reader said against it; empty when it was read. Anything but a ConfigError goes through."""
    try:
        read()
    except ConfigError as e:
        return str(e)
    return ""


@given(st.dictionaries(keys, toml_values, max_size=4))
def test_any_table_is_read_or_refused_with_a_sentence(table: dict[str, Any]) -> None:
    found = sentence(lambda: convert(table, Config, "lab.toml"))

    assert not found or found.startswith("lab.toml: ")


@given(st.text() | st.from_regex(r"\[broker\]\n(port|host|root) = .*"))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    found = sentence(lambda: parse(text, Config, "lab.toml", {}, Path("/tmp")))

    assert not found or found.startswith("lab.toml")


def test_the_real_environment_is_the_default() -> None:
    assert parse.__defaults__ is not None
    assert parse.__defaults__[0] is os.environ


def test_the_brokers_table_is_read_from_any_file(tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_text('whatever = 1\n[broker]\nuser = "viewer"\npassword_file = "secret"\n')
    found = load_broker(file, {"LABWIRE_BROKER_PORT": "1999"})
    assert (found.user, found.password_file, found.port) == ("viewer", str(tmp_path / "secret"), 1999)
