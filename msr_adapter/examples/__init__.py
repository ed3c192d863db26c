"""A configuration to start from: the instruments of the simulated plant."""

import json
from importlib.resources import files
from pathlib import Path

from broker.config import BrokerConfig


def plant_toml(port: int, data_dir: Path, broker: BrokerConfig) -> str:
    """The demo's ``msr.toml``: steeping, germination and kiln of ``labwire msr simulate --port PORT``."""
    text = (files(__name__) / "plant.toml").read_text(encoding="utf-8")
    places = {
        "MSR_PORT": port,
        "DATA_DIR": data_dir,
        "HOST": broker.host,
        "PORT": broker.port,
        "USER": broker.user,
        "PASSWORD_FILE": broker.password_file,
    }
    for word, value in places.items():
        text = text.replace(f"@{word}@", json.dumps(str(value), ensure_ascii=False)[1:-1])
    return text
