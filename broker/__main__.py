"""``labwire broker``: set up Mosquitto and its users, forget a dead instrument, write the contract for machines."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from broker.config import ConfigError, load
from broker.forget import connection, forget
from broker.mosquitto import MosquittoError
from broker.runtime import EXIT_CONFIG, EXIT_OK
from broker.schema import documents, write
from broker.topics import TopicError
from broker.users import UsersConfig, prepare


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 with one sentence about what is wrong with the file or the machine."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "schema":
            return _schema(args.write)
        if args.command == "forget":
            return _forget(args.config, args.instrument)
        return _prepare(args.config)
    except (ConfigError, MosquittoError, TopicError) as e:
        print(f"labwire broker: {e}", file=sys.stderr)
        return EXIT_CONFIG


def _prepare(file: Path) -> int:
    config = load(file, UsersConfig)
    made = prepare(config)
    print(f"{config.data_dir}: mosquitto.conf, acl and passwords for {len(config.user)} users are written")
    if made:
        print(f"{config.secrets_dir}: new passwords for {', '.join(made)}")
    print("a running Mosquitto takes users and rights at SIGHUP, ports and addresses at a restart")
    return EXIT_OK


def _forget(file: Path, instrument: str) -> int:
    asyncio.run(forget(connection(load(file, UsersConfig), instrument), instrument))
    print(f"{instrument}: its description, status and last values are cleared; what is stored stays")
    print("an edge that still has it in its configuration announces it again when it connects")
    return EXIT_OK


def _schema(folder: Path | None) -> int:
    if folder is None:
        print(documents()["asyncapi.json"], end="")
        return EXIT_OK
    try:
        for path in write(folder):
            print(path)
    except OSError as e:
        raise ConfigError(f"{folder} cannot be written: {e.strerror}") from e
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire broker", description="Mosquitto and its users.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "-c", "--config", type=Path, default=Path("broker.toml"), metavar="FILE", help="default: broker.toml"
    )
    commands.add_parser("prepare", parents=[common], help="write Mosquitto's configuration, rights and passwords")
    forgetting = commands.add_parser("forget", parents=[common], help="take a dead instrument off the page")
    forgetting.add_argument("instrument", help="its name in the topics; its history stays")
    schema = commands.add_parser("schema", help="print the contract as AsyncAPI, or write it with JSON Schemas")
    schema.add_argument("--write", type=Path, metavar="DIR", help="write asyncapi.json and schema/*.json into DIR")
    return parser


if __name__ == "__main__":
    sys.exit(main())
