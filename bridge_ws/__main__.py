"""``labwire bridge``: run the bridge, and manage who may use it."""

import argparse
import logging
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from bridge_ws import tokenfile, tokens
from bridge_ws.config import read
from bridge_ws.tokens import TokensError
from broker.config import ConfigError
from broker.runtime import EXIT_CONFIG, EXIT_OK, run, set_up_logging
from broker.topics import TopicError

log = logging.getLogger("bridge_ws.main")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    args = _parser().parse_args(argv)
    set_up_logging(args.log_level)
    try:
        code: int = args.do(args)
    except (ConfigError, TokensError, TopicError) as e:
        log.error("%s", e)
        return EXIT_CONFIG
    except OSError as e:
        log.error("%s: %s", e.filename, e.strerror)
        return EXIT_CONFIG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire bridge", description="Serve the page and its interface.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    verb = verbs.add_parser("run", parents=[common], help="run the bridge")
    verb.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help="bridge.toml")
    verb.set_defaults(do=_run)
    _add_token_verbs(verbs.add_parser("token", help="add, list or remove tokens"), common)
    return parser


def _add_token_verbs(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    where = argparse.ArgumentParser(add_help=False, parents=[common])
    place = where.add_mutually_exclusive_group(required=True)
    place.add_argument("--file", type=Path, help="the tokens file")
    place.add_argument("-c", "--config", type=Path, metavar="FILE", help="bridge.toml that names the tokens file")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    add = verbs.add_parser("add", parents=[where], help="make a token and print it, this once")
    add.add_argument("name", help="whose token it is: what they do is recorded under this name")
    add.add_argument("--role", choices=["viewer", "operator"], required=True)
    add.set_defaults(do=_add)
    verbs.add_parser("list", parents=[where], help="names and roles").set_defaults(do=_list)
    remove = verbs.add_parser("remove", parents=[where], help="take a token back, at once")
    remove.add_argument("name")
    remove.set_defaults(do=_remove)


def _run(args: argparse.Namespace) -> int:
    from bridge_ws.service import serve  # FastAPI and numpy are slow to import; tokens do not need them

    config = read(args.config)
    return run(lambda stop: serve(config, stop))


def _file(args: argparse.Namespace) -> Path:
    """Raises ConfigError."""
    if args.file:
        return Path(args.file)
    named = read(args.config).tokens_file
    if not named:
        raise ConfigError(f"{args.config}: tokens_file is not set")
    return Path(named)


def _add(args: argparse.Namespace) -> int:
    path = _file(args)
    entries = tokenfile.read(path)
    if any(t.name == args.name for t in entries):
        raise TokensError(f"{path}: {args.name} has a token already; remove it first")
    secret, entry = tokens.make(args.name, args.role, secrets.token_urlsafe)
    tokenfile.write(path, [*entries, entry])
    sys.stderr.write(f"Token of {entry.name} ({entry.role}); it is shown only now:\n")
    print(secret)
    return EXIT_OK


def _list(args: argparse.Namespace) -> int:
    for entry in tokenfile.read(_file(args)):
        print(f"{entry.name:20} {entry.role}")
    return EXIT_OK


def _remove(args: argparse.Namespace) -> int:
    path = _file(args)
    entries = tokenfile.read(path)
    rest = [t for t in entries if t.name != args.name]
    if len(rest) == len(entries):
        raise TokensError(f"{path}: there is no token of {args.name}")
    tokenfile.write(path, rest)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
