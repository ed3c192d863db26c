"""``labwire cal serve``: the service that hosts runs started from the page and publishes what is in force."""

import argparse
from pathlib import Path

from broker.config import ConfigError
from broker.runtime import run as run_process
from broker.runtime import set_up_logging
from calibration.commands import Wrong
from calibration.live.config import read
from calibration.live.service import serve


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, required=True, help="calibration.toml")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])


def run(args: argparse.Namespace) -> int:
    """Until it is told to stop. Raises Wrong."""
    set_up_logging(args.log_level)
    try:
        config = read(args.config)
    except ConfigError as e:
        raise Wrong(str(e)) from e
    return run_process(lambda stop: serve(config, stop))
