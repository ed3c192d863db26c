"""``labwire edge``: run, check, simulate."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from broker.runtime import EXIT_CONFIG, EXIT_OK, run, set_up_logging


def main(argv: Sequence[str] | None = None) -> int:
    """The command's exit code: 0 fine, 1 surprise, 2 a mistake in configuration or arguments."""
    args = _parser().parse_args(argv)
    set_up_logging(args.log_level)
    command: Callable[[argparse.Namespace], int] = args.command
    return command(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labwire edge", description="Read instruments and publish what they say.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    running = commands.add_parser("run", parents=[common], help="read the instruments of a configuration")
    running.add_argument(
        "-c", "--config", type=Path, default=Path("edge.toml"), metavar="FILE", help="default: edge.toml"
    )
    running.set_defaults(command=_run)

    checking = commands.add_parser("check", parents=[common], help="explain a configuration and its mistakes")
    checking.add_argument("config", type=Path, metavar="FILE", help="an edge.toml")
    checking.set_defaults(command=_check)

    simulating = commands.add_parser("simulate", parents=[common], help="simulated instruments on pseudo-terminals")
    simulating.add_argument(
        "words",
        nargs="+",
        metavar="KIND[:NAME][@RATE]",
        help="mt-sics, namur, vibration, dmm, bath, counter, sbi, psu or i2c",
    )
    simulating.add_argument("--dir", type=Path, required=True, help="where the ports DIR/NAME appear")
    simulating.add_argument("--journal", type=Path, metavar="FILE", help="append every line sent and received")
    simulating.set_defaults(command=_simulate)
    return parser


def _run(args: argparse.Namespace) -> int:
    from edge.config import read_config
    from edge.service import serve

    async def main(stop: asyncio.Event) -> None:
        await serve(read_config(args.config), stop)

    return run(main)


def _check(args: argparse.Namespace) -> int:
    from broker.config import ConfigError
    from edge.config import read_config
    from edge.explain import explain

    try:
        config = read_config(args.config)
    except ConfigError as e:
        print(e, file=sys.stderr)
        return EXIT_CONFIG
    print(explain(config))
    return EXIT_OK


def _simulate(args: argparse.Namespace) -> int:
    from edge.simulators.kinds import parse_word
    from edge.simulators.run import simulate

    try:
        wanted = [parse_word(word) for word in args.words]
    except ValueError as e:
        print(e, file=sys.stderr)
        return EXIT_CONFIG

    def main(stop: asyncio.Event) -> Awaitable[None]:
        return simulate(wanted, args.dir, args.journal, stop)

    return run(main)


if __name__ == "__main__":
    sys.exit(main())
