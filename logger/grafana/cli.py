"""``labwire gen grafana``: writes dashboards as files Grafana's provisioning or its import page takes."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from broker.config import ConfigError
from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE
from logger import config
from logger.grafana import dashboards
from logger.grafana.panels import Json
from logger.store import History, HistoryError

PROVISIONED: dict[str, Callable[[], Json]] = {
    "overview": dashboards.overview,
    "instrument": dashboards.instrument,
    "etherlab": dashboards.etherlab,
    "health": dashboards.health,
}
"""File name → what is in it; deploy/grafana/dashboards holds exactly these."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="labwire gen grafana", description="Grafana dashboards from what is stored.")
    top.add_argument("--instrument", action="append", metavar="NAME", help="only this one; may be repeated")
    top.add_argument("--provisioned", action="store_true", help="the four general dashboards instead")
    top.add_argument("--history", action="store_true", help="from the bridge's history, where there is no InfluxDB")
    top.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the folder to write into")
    top.add_argument("-c", "--config", type=Path, default=Path("logger.toml"), help="default: %(default)s")
    top.add_argument("--db", type=Path, metavar="FILE", help="the database itself, instead of the configuration's")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files and print their names. Returns the process's exit code."""
    args = parser().parse_args(argv)
    try:
        made = _provisioned() if args.provisioned else _of_instruments(args)
        args.output.mkdir(parents=True, exist_ok=True)
        for name, board in made.items():
            path = args.output / f"{name}.json"
            path.write_text(text(board), encoding="utf-8")
            print(path)
    except ConfigError as e:
        print(f"labwire gen: {e}", file=sys.stderr)
        return EXIT_CONFIG
    except (HistoryError, OSError) as e:
        print(f"labwire gen: {e}", file=sys.stderr)
        return EXIT_SURPRISE
    return EXIT_OK


def text(board: Json) -> str:
    """A dashboard as its file."""
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def _provisioned() -> dict[str, Json]:
    return {name: make() for name, make in PROVISIONED.items()}


def _of_instruments(args: argparse.Namespace) -> dict[str, Json]:
    with History(args.db or config.read(args.config).database) as history:
        known = {name: meta for name in history.instruments() if (meta := history.meta(name)) is not None}
    wanted = args.instrument or sorted(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(f"no description of {', '.join(unknown)} is stored; there are {', '.join(sorted(known))}")
    make = dashboards.from_history if args.history else dashboards.of_instrument
    return {name: make(name, known[name]) for name in wanted}
