"""``labwire msr``: run, list, init, simulate."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from broker.runtime import run, set_up_logging


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
