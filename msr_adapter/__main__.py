"""``labwire msr``: run, list, init, simulate."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from broker.runtime import EXIT_CONFIG, EXIT_OK, EXIT_SURPRISE, run, set_up_logging

if TYPE_CHECKING:
    from msr_adapter.offer import Line
    from msr_adapter.session import Address


def main(argv: Sequence[str] | None = None) -> int:
    """The command's exit code: 0 fine, 1 surprise, 2 a mistake in configuration or arguments."""
    args = _parser().parse_args(argv)
    set_up_logging(args.log_level)
    command: Callable[[argparse.Namespace], int] = args.command
    return command(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire msr", description="Signals and parameters of an EtherLab server.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", parents=[common], help="publish what msr.toml names"))
    _add_list(commands.add_parser("list", parents=[common], help="signals and parameters of a server"))
    _add_init(commands.add_parser("init", parents=[common], help="write a starting msr.toml"))
    _add_simulate(commands.add_parser("simulate", parents=[common], help="a server with a small malting plant"))
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", type=Path, default=Path("msr.toml"), metavar="FILE")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> int:
    from msr_adapter.config import read_config
    from msr_adapter.service import serve

    async def main(stop: asyncio.Event) -> None:
        await serve(read_config(args.config), stop)

    return run(main)


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("server", metavar="HOST[:PORT]", help="port 2345 unless it is named")
    parser.add_argument("--tls", action="store_true", help="begin TLS (STARTTLS)")
    parser.add_argument("--ca", default="", metavar="FILE", help="who vouches for the server's certificate")
    parser.add_argument("--cert", default="", metavar="FILE", help="our own certificate, where the server wants one")
    parser.add_argument("--key", default="", metavar="FILE", help="its key, if it is not in the same file")


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_server(parser)
    parser.add_argument("--glob", default="**", help="only these paths; * within a level, ** over levels")
    parser.add_argument("--json", action="store_true", help="one JSON array")
    parser.add_argument("--values", action=argparse.BooleanOptionalAction, help="signals' values (default: up to 1000)")
    parser.set_defaults(command=_list)


def _list(args: argparse.Namespace) -> int:
    from msgspec.json import encode, format  # noqa: A004

    from msr_adapter.offer import tree

    lines = _offer(args, args.glob, args.values)
    if lines is None:
        return EXIT_SURPRISE
    print(format(encode(lines)).decode() if args.json else "\n".join(tree(lines)))
    return EXIT_OK


def _add_init(parser: argparse.ArgumentParser) -> None:
    _add_server(parser)
    parser.add_argument("-o", "--output", type=Path, default=Path("msr.toml"), metavar="FILE")
    parser.set_defaults(command=_init)


def _init(args: argparse.Namespace) -> int:
    from msr_adapter.starting import starting_file

    lines = _offer(args, "**", False)
    if lines is None:
        return EXIT_SURPRISE
    try:
        with args.output.open("x", encoding="utf-8") as file:
            file.write(starting_file(_address(args), lines))
    except OSError as e:
        print(f"{args.output} cannot be written: {e.strerror or e}", file=sys.stderr)
        return EXIT_CONFIG
    print(f"{args.output} written: {len(lines)} signals and parameters")
    return EXIT_OK


def _address(args: argparse.Namespace) -> "Address":
    from msr_adapter.session import Address

    host, _, port = args.server.removeprefix("tcp://").partition(":")  # as an edge's ports are written
    return Address(host, int(port or 2345), args.tls, args.ca, args.cert, args.key)


def _offer(args: argparse.Namespace, pattern: str, values: bool | None) -> "list[Line] | None":
    """What the server offers; None when it cannot be asked, and that has been said."""
    from msr_adapter.offer import read_offer
    from msr_adapter.session import LinkLost

    try:
        return asyncio.run(read_offer(_address(args), pattern, values))
    except ValueError:
        print(f"{args.server!r} was expected as HOST or HOST:PORT", file=sys.stderr)
    except LinkLost as e:
        print(e, file=sys.stderr)
    return None


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2345, help="0: a free one (default %(default)s)")
    parser.add_argument("--rate", type=float, default=1000.0, metavar="HZ", help="of the fast task (default 1000)")
    parser.add_argument("--signals", type=int, default=64, metavar="N", help="besides the plant's (default 64)")
    parser.add_argument("--control", type=Path, metavar="PIPE", help="named pipe for faults, one word a line")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="append what was sampled")
    parser.add_argument("--cert", type=Path, metavar="PEM", help="certificate for STARTTLS")
    parser.add_argument("--key", type=Path, metavar="PEM", help="its key, if it is not in the same file")
    parser.add_argument("--fault", action="append", default=[], metavar="WORDS", help="from the start, like 'late 5'")
    parser.set_defaults(command=_simulate)


def _simulate(args: argparse.Namespace) -> int:
    from msr_adapter.simulator.run import Settings, simulate

    settings = Settings(
        host=args.host,
        port=args.port,
        rate=args.rate,
        signals=args.signals,
        control=args.control,
        journal=args.journal,
        cert=args.cert,
        key=args.key,
        faults=tuple(args.fault),
    )

    async def main(stop: asyncio.Event) -> None:
        await simulate(settings, stop)

    return run(main)


if __name__ == "__main__":
    sys.exit(main())
