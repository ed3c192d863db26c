"""The ``labwire`` command: hands its arguments to the component that is asked for, and imports nothing else.

A Raspberry Pi that installed ``labwire[edge]`` has neither the logger's nor the bridge's libraries; what is missing is
one sentence, not a traceback.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

PACKAGES = frozenset({"broker", "edge", "msr_adapter", "logger", "bridge_ws", "calibration", "labwire"})

EXTRAS = {"pyarrow": "parquet"}
"""Libraries that come with an extra of their own, not with their command's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the command line: whose ``main(argv)`` takes the rest, and which extra installs what it needs.

    ``argv`` goes before the user's arguments: ``labwire log`` is ``labwire logger log``.
    """

    module: str
    extra: str
    help: str
    argv: tuple[str, ...] = ()


COMMANDS = {
    "demo": Entry("labwire.demo", "all", "a broker, simulated instruments, the log and the page, on this machine"),
    "edge": Entry("edge.__main__", "edge", "read instruments: run, check a configuration, simulate"),
    "msr": Entry("msr_adapter.__main__", "msr", "an EtherLab (MSR) server as instruments: run, list, init, simulate"),
    "logger": Entry("logger.__main__", "logger", "store everything: run, ledger, check, backup, InfluxDB"),
    "bridge": Entry("bridge_ws.__main__", "bridge", "serve the page and its interface: run, manage tokens"),
    "cal": Entry(
        "calibration.__main__", "calibration", "calibrate: register, runs on live data, certificates, what is due"
    ),
    "broker": Entry("broker.__main__", "edge", "Mosquitto and its users; forget a dead instrument"),
    "health": Entry("labwire.health", "all", "whether a service lives, as the broker has it"),
    "status": Entry("labwire.status", "edge", "a table of everything alive, and what is not well"),
    "watch": Entry("labwire.watch", "edge", "what goes over the broker, one line a message"),
    "doctor": Entry("labwire.doctor.__main__", "edge", "what is wrong with files, machine and broker; remedies"),
    "log": Entry("logger.__main__", "logger", "print what went over the broker", ("log",)),
    "export": Entry("logger.__main__", "logger", "write samples to a file", ("export",)),
    "gen": Entry("labwire.gen", "logger", "files for other programs: Grafana dashboards"),
    "replay": Entry("logger.cli_replay", "logger", "show recorded traffic again, below another root"),
    "note": Entry("bridge_ws.cli", "bridge", "write a note into the log", ("note",)),
    "run": Entry("bridge_ws.cli", "bridge", "begin and end a run (a batch, an experiment)", ("run",)),
    "send": Entry("bridge_ws.cli", "bridge", "send a command to an instrument and wait for its answer", ("send",)),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the process's exit code; 2 for a command line nobody understands."""
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0 if args else 2
    if args[0] in ("-V", "--version"):
        print(f"labwire {_version()}")
        return 0
    entry = COMMANDS.get(args[0])
    if entry is None:
        print(_unknown(args[0]), file=sys.stderr)
        return 2
    return _hand_over(args[0], entry, args[1:])


def available() -> list[str]:
    """The commands whose component is here, found by its file: nothing is imported."""
    root = Path(__file__).parent.parent
    return [word for word, entry in COMMANDS.items() if (root / (entry.module.replace(".", "/") + ".py")).is_file()]


def help_text() -> str:
    """What ``labwire --help`` prints."""
    lines = [f"  {word:<8} {COMMANDS[word].help}" for word in available()]
    return "\n".join(["usage: labwire COMMAND …      labwire COMMAND --help tells more", "", *lines])


def _hand_over(word: str, entry: Entry, args: list[str]) -> int:
    try:
        run = import_module(entry.module).main
        code = int(run([*entry.argv, *args]))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has seen enough, as in `labwire log | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as e:
        missing = e.name or ""
        if missing in (entry.module, entry.module.partition(".")[0]):
            print(f"labwire: this installation has no 'labwire {word}'", file=sys.stderr)
        elif missing.partition(".")[0] in PACKAGES:
            raise
        else:
            extra = EXTRAS.get(missing.partition(".")[0], entry.extra)
            print(f"labwire {word} needs {missing}: pip install 'labwire[{extra}]'", file=sys.stderr)
        return 1


def _unknown(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, available(), n=1, cutoff=0.5)
    hint = f"did you mean 'labwire {near[0]}'?" if near else "'labwire --help' lists the commands."
    return f"labwire: there is no command {word!r}; {hint}"


def _version() -> str:
    from importlib.metadata import version

    return version("labwire")


if __name__ == "__main__":
    sys.exit(main())
