"""``labwire logger`` (and ``labwire log``, ``labwire export``): arguments and wiring only."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from broker.config import BrokerConfig, ConfigError
from broker.runtime import EXIT_CONFIG, set_up_logging
from logger import arguments

LEVELS = ("debug", "info", "warning", "error")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="labwire logger", description="Store everything that goes over the broker.")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="store everything until stopped")
    ledger = commands.add_parser("ledger", help="what is stored of each instrument: complete, or the gaps")
    arguments.ledger(ledger)
    arguments.log(commands.add_parser("log", prog="labwire log", help="the messages that went over the broker"))
    arguments.export(commands.add_parser("export", prog="labwire export", help="samples as a table"))
    arguments.check(commands.add_parser("check", help="whether the store is whole"))
    arguments.backup(commands.add_parser("backup", help="copy the store, also while the logger runs"))
    projections = [
        commands.add_parser("init-influx", help="make the buckets and tasks of the table [influx], or mend them"),
        commands.add_parser("backfill-influx", help="write an earlier history into the database of [influx]"),
    ]
    arguments.backfill_influx(projections[1])
    for command in commands.choices.values():
        command.add_argument(
            "-c", "--config", type=Path, default=Path("logger.toml"), metavar="FILE", help="default: %(default)s"
        )
        command.add_argument("--log-level", choices=LEVELS, default="info")
        if command not in (run, *projections):
            command.add_argument(
                "--db", type=Path, metavar="FILE", help="the database itself, instead of the configuration's"
            )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the process's exit code."""
    args = parser().parse_args(argv)
    set_up_logging(args.log_level)
    try:
        if args.command in ("init-influx", "backfill-influx"):
            return _influx(args)
        return _run(args.config) if args.command == "run" else _read(args)
    except ConfigError as e:
        print(f"labwire logger: {e}", file=sys.stderr)
        return EXIT_CONFIG


def _run(path: Path) -> int:
    from broker import runtime
    from logger import config, service

    wanted = config.read(path)
    return runtime.run(lambda stop: service.run(wanted, stop))


def _influx(args: argparse.Namespace) -> int:
    from logger.influx import cli

    return cli.init(args) if args.command == "init-influx" else cli.backfill(args)


def _read(args: argparse.Namespace) -> int:
    from logger import cli, cli_store, config

    if args.db is None and not args.config.exists():
        raise ConfigError(
            f"{args.config} is not there: name the logger's file with --config, or its database with --db"
        )
    database, args.root = args.db, BrokerConfig().root
    if database is None:
        wanted = config.read(args.config)
        database, args.root = wanted.database, wanted.broker.root
    return (cli.COMMANDS | cli_store.COMMANDS)[args.command](args, database)


if __name__ == "__main__":
    sys.exit(main())
