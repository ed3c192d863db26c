"""``labwire note``, ``labwire run`` and ``labwire send``: what an operator does from a shell, through the bridge.

LABWIRE_URL says where the bridge is, LABWIRE_TOKEN or LABWIRE_TOKEN_FILE who asks.
Exit codes: 0 done; 1 failed, rejected, expired or refused; 2 used wrongly; 3 no answer.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_ANSWER = 3

DEFAULT_URL = "http://127.0.0.1:8000"
MARGIN_S = 10.0
LONGEST_S = 3600.0


class CliError(Exception):
    """One sentence for the person at the shell, and the exit code."""

    def __init__(self, text: str, code: int = EXIT_FAILED) -> None:
        super().__init__(text)
        self.code = code


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """Returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        code: int = args.do(args, env)
    except CliError as e:
        print(f"labwire: {e}", file=sys.stderr)
        return e.code
    return code


def _parser() -> argparse.ArgumentParser:
    epilog = (
        f"LABWIRE_URL is the bridge's address (default {DEFAULT_URL}); LABWIRE_TOKEN or LABWIRE_TOKEN_FILE the token."
    )
    parser = argparse.ArgumentParser(prog="labwire", epilog=epilog)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    note = verbs.add_parser("note", help="write a note into the log", epilog=epilog)
    note.add_argument("text", help="in quotes")
    note.add_argument("--instrument", action="append", default=[], metavar="NAME", help="may be repeated")
    note.set_defaults(do=_note)
    _add_run(verbs.add_parser("run", help="begin and end a run (a batch, an experiment)", epilog=epilog))
    send = verbs.add_parser("send", help="send a command and wait for its answer", epilog=epilog)
    send.add_argument("instrument", help="as in its topics: stirrer1")
    send.add_argument("command", help="one of its commands: set_speed")
    send.add_argument("args", nargs="*", metavar="key=value", help="true, false, null and numbers are those; else text")
    send.add_argument("--ttl-ms", type=int, default=5000, help="how long the command may be begun (default 5000)")
    send.add_argument("--json", action="store_true", help="print the answer as JSON")
    send.set_defaults(do=_send)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, metavar="start|stop|list")
    start = verbs.add_parser("start", help="begin a run; prints its id")
    start.add_argument("name", help="what people call it, in quotes")
    start.add_argument("--sample", default="", help="what is looked at")
    start.add_argument("--instrument", action="append", default=[], metavar="NAME", help="may be repeated")
    start.set_defaults(do=_start)
    stop = verbs.add_parser("stop", help="end a run")
    stop.add_argument("run", help="the id that start printed and list shows")
    stop.set_defaults(do=_stop)
    verbs.add_parser("list", help="runs that go on").set_defaults(do=_list)


def _note(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    ask(env, "POST", "/api/notes", {"text": args.text, "instruments": args.instrument})
    return EXIT_DONE


def _start(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    body = {"name": args.name, "sample": args.sample, "instruments": args.instrument}
    print(ask(env, "POST", "/api/runs", body)["run"])
    return EXIT_DONE


def _stop(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    ask(env, "POST", f"/api/runs/{quote(args.run, safe='')}/stop")
    return EXIT_DONE


def _list(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    for run in ask(env, "GET", "/api/runs"):
        if run.get("end") is None:
            print(f"{run['run']}  {run['name']}  {run.get('sample', '')}".rstrip())
    return EXIT_DONE


def _send(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    body = {"name": args.command, "args": dict(map(argument, args.args)), "ttl_ms": args.ttl_ms}
    path = f"/api/instruments/{quote(args.instrument, safe='')}/commands"
    answer = ask(env, "POST", path, body, timeout_s=LONGEST_S)
    print(json.dumps(answer) if args.json else sentence(answer))
    return {"done": EXIT_DONE, "no_answer": EXIT_NO_ANSWER}.get(answer["state"], EXIT_FAILED)


def argument(text: str) -> tuple[str, Any]:
    """``key=value`` taken apart. Raises CliError."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise CliError(f"{text!r} is not key=value", EXIT_USAGE)
    try:
        parsed = json.loads(value, parse_constant=str)
    except ValueError:
        return key, value
    if isinstance(parsed, (dict, list)):
        return key, value
    return key, parsed


def sentence(answer: Mapping[str, Any]) -> str:
    """What became of a command, for a person."""
    words = str(answer["state"]).replace("_", " ")
    error = answer.get("error")
    if error:
        return f"{words}: {error.get('message') or error.get('code')}"
    result = ", ".join(f"{k} = {v}" for k, v in answer.get("result", {}).items())
    return f"{words}: {result}" if result else words


def ask(env: Mapping[str, str], method: str, path: str, body: Any = None, timeout_s: float = MARGIN_S) -> Any:
    """One request to the bridge; returns the JSON of its answer. Raises CliError."""
    base = env.get("LABWIRE_URL", DEFAULT_URL).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise CliError(f"LABWIRE_URL is {base!r}, an address such as {DEFAULT_URL} was expected", EXIT_USAGE)
    headers = {"Authorization": f"Bearer {token(env)}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, headers, method=method)  # noqa: S310 - the scheme was checked
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as e:
        raise CliError(_refusal(e)) from e
    except (OSError, ValueError) as e:
        raise CliError(f"the bridge at {base} cannot be reached: {getattr(e, 'reason', None) or e}") from e


def token(env: Mapping[str, str]) -> str:
    """Raises CliError."""
    if env.get("LABWIRE_TOKEN"):
        return env["LABWIRE_TOKEN"]
    if not env.get("LABWIRE_TOKEN_FILE"):
        raise CliError("set LABWIRE_TOKEN or LABWIRE_TOKEN_FILE: the bridge wants to know who asks", EXIT_USAGE)
    file = Path(env["LABWIRE_TOKEN_FILE"])
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or e
        raise CliError(f"LABWIRE_TOKEN_FILE names {file}, which cannot be read: {why}", EXIT_USAGE) from e


def _refusal(e: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(e)["error"]["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the bridge answered {e.code}"


if __name__ == "__main__":
    sys.exit(main())
