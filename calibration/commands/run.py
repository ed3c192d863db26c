"""``labwire cal run``: a calibration on live data, guided at the terminal; also over stored samples."""

import argparse
from pathlib import Path

import msgspec

from broker.config import ConfigError, parse
from broker.runtime import run as run_process
from broker.runtime import set_up_logging
from calibration.commands import Wrong, common, read_text
from calibration.live.config import CalibrationConfig
from calibration.live.config import read as read_config
from calibration.live.session import Asked, Session


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("procedure", nargs="?", type=Path, help="the procedure, TOML; not with --resume")
    parser.add_argument("--item", metavar="INSTRUMENT[/CHANNEL]|manual", help="what is calibrated, or typed readings")
    parser.add_argument("--reference", metavar="INSTRUMENT[/CHANNEL]|manual", help="the standard, or typed readings")
    parser.add_argument("--item-id", default="", metavar="ID", help="in the register, where nothing is installed there")
    parser.add_argument("--standard", action="append", default=[], metavar="ID[@POINT]", help="may be repeated")
    parser.add_argument(
        "--environment", default="", metavar="INSTRUMENT|manual", help="instead of the procedure's topic"
    )
    parser.add_argument("--replay", action="append", default=[], metavar="FILE.csv|FROM..TO", help="stored samples")
    parser.add_argument("--resume", metavar="RUN", help="go on with a run that was left")
    parser.add_argument("--force", default="", metavar="REASON", help="although no pass is possible")
    parser.add_argument("--yes", action="store_true", help="points are set by somebody else, and accepted unseen")
    parser.add_argument("--answer", action="append", default=[], metavar="KEY=VALUE", help="known beforehand")
    parser.add_argument("--plain", action="store_true", help="lines instead of a screen, also at a terminal")
    parser.add_argument("-c", "--config", type=Path, help="calibration.toml: the broker and the register")
    parser.add_argument("--log-level", default="error", choices=["debug", "info", "warning", "error"])
    common.add_dir(parser)
    common.add_by(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the record is performed or the run aborted, 1 when it was left before. Raises Wrong."""
    set_up_logging(args.log_level)
    config = _config(args)
    session = Session(_asked(args), config, common.by(args), Path(config.calibration_dir))
    code = run_process(session.run)
    if session.problem:
        raise Wrong(session.problem)
    return code or (0 if session.over else 1)


def _asked(args: argparse.Namespace) -> Asked:
    if args.resume is None and not (args.procedure and args.item and args.reference):
        raise Wrong("a run needs a procedure, --item and --reference; or --resume RUN")
    return Asked(
        procedure=read_text(args.procedure) if args.procedure and args.resume is None else "",
        item=args.item or "",
        reference=args.reference or "",
        item_id=args.item_id,
        standards=tuple(args.standard),
        environment=args.environment,
        replay=tuple(args.replay),
        resume=args.resume or "",
        force=args.force,
        yes=args.yes,
        answers=dict(_pair(text) for text in args.answer),
        plain=args.plain,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Wrong(f"--answer {text!r} is not KEY=VALUE")
    return key.strip(), value.strip()


def _config(args: argparse.Namespace) -> CalibrationConfig:
    """The file, or the register and the environment's broker. Raises Wrong."""
    try:
        if args.config is not None:
            found = read_config(args.config)
            return found if args.dir is None else convert_dir(found, args.dir)
        empty = parse("calibration_dir = ''", CalibrationConfig, "the environment")
        return convert_dir(empty, common.folder(args))
    except ConfigError as e:
        raise Wrong(str(e)) from e


def convert_dir(config: CalibrationConfig, folder: Path) -> CalibrationConfig:
    return msgspec.structs.replace(config, calibration_dir=str(folder))
