"""Configurations to start from, and the functions that fill them with real places."""

import json
from importlib.resources import files
from pathlib import Path

from broker.config import BrokerConfig

LINES_OF_EXAMPLES = "/tmp/lines"  # noqa: S108 - where multimeter.toml says its simulator is

_COUNTER = """
[[instrument]]
name = "@NAME@"
port = "@LINES@/@NAME@"
label = "Counter"
simulated = true

[[instrument.@KIND@]]

[instrument.channels.count]
type = "int"
label = "Count"

[instrument.commands.set]
label = "Send a text"
send = "SET {text}"
done = 'OK (?P<text>.*)'
failed = 'ERR (?P<text>.*)'
args.text = { type = "str", label = "Text" }
"""


def demo_toml(lines_dir: Path, data_dir: Path, broker: BrokerConfig) -> str:
    """The demo's ``edge.toml``: balance1, stirrer1, vib1, dmm1 and bath1 at ``lines_dir``/<name>.

    Simulated by ``labwire edge simulate mt-sics namur vibration dmm bath --dir LINES``.
    """
    bath = _tables("bath.toml").replace('model = "BATH-1"\n', 'model = "BATH-1"\ncorrect = ["pt100"]\n')
    return _fill(
        _text("demo.toml").replace("@MULTIMETER@", _tables("multimeter.toml")).replace("@BATH@", bath),
        DATA_DIR=str(data_dir),
        LINES=str(lines_dir),
        HOST=broker.host,
        PORT=str(broker.port),
        USER=broker.user,
        PASSWORD_FILE=broker.password_file,
    )


def counter_table(name: str, lines_dir: Path, every_ms: int = 0) -> str:
    """An ``[[instrument]]`` for ``labwire edge simulate counter:NAME`` (asked every ``every_ms``) or, with
    ``every_ms`` 0, for ``counter:NAME@RATE``, which sends by itself. The channel is ``count``."""
    poll = f"poll]]\nsend = \"COUNT?\"\nevery_ms = {every_ms}\npattern = '(?P<count>\\d+)'"
    stream = "stream]]\npattern = 'C (?P<count>\\d+)'"
    text = _COUNTER.replace("@KIND@]]", poll if every_ms else stream)
    return _fill(text, NAME=name, LINES=str(lines_dir))


def _tables(name: str) -> str:
    """The instruments of an example, with the place of its lines to be filled in."""
    text = _text(name)
    return text[text.index("[[instrument]]") :].replace(LINES_OF_EXAMPLES, "@LINES@")


def _text(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")


def _fill(text: str, **values: str) -> str:
    for key, value in values.items():
        text = text.replace(f"@{key}@", json.dumps(value, ensure_ascii=False)[1:-1])
    return text
