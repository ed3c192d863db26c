"""Who does something: the name that belongs to a bridge's token, or one that was typed and is printed as such."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calibration.record import Person
from calibration.register.errors import RegisterError

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT_S = 10.0


def person(env: Mapping[str, str], typed: str, at: str) -> Person:
    """Whoever the token in ``env`` belongs to, else ``typed``. Raises RegisterError where there is neither.

    LABWIRE_URL says where the bridge is, LABWIRE_TOKEN or LABWIRE_TOKEN_FILE hold the token.
    """
    if env.get("LABWIRE_TOKEN") or env.get("LABWIRE_TOKEN_FILE"):
        name = _known(env)
        if typed and typed != name:
            raise RegisterError(f"the token is {name}'s, --by says {typed}")
        return Person(name=name, at=at, authenticated=True)
    if not typed.strip():
        raise RegisterError("say who you are: --by NAME, or LABWIRE_TOKEN_FILE with a token of the bridge")
    return Person(name=typed.strip(), at=at)


def _known(env: Mapping[str, str]) -> str:
    """The name of an operator's token. Raises RegisterError."""
    base = env.get("LABWIRE_URL", DEFAULT_URL).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise RegisterError(f"LABWIRE_URL is {base!r}, an address such as {DEFAULT_URL} was expected")
    answer = _ask(base, _token(env))
    if not answer.get("authenticated") or not isinstance(answer.get("name"), str):
        raise RegisterError(f"the bridge at {base} does not say whose token it is")
    if answer.get("role") != "operator":
        raise RegisterError(f"{answer['name']} may look, not change anything (role {answer.get('role')})")
    return str(answer["name"])


def _token(env: Mapping[str, str]) -> str:
    if env.get("LABWIRE_TOKEN"):
        return env["LABWIRE_TOKEN"]
    file = Path(env["LABWIRE_TOKEN_FILE"])
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or e
        raise RegisterError(f"LABWIRE_TOKEN_FILE names {file}, which cannot be read: {why}") from e


def _ask(base: str, token: str) -> Mapping[str, Any]:
    request = urllib.request.Request(f"{base}/api/me", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - the scheme was checked
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            answer = json.load(response)
    except urllib.error.HTTPError as e:
        with e:
            raise RegisterError(f"the bridge at {base} {_refusal(e.code)}") from e
    except (OSError, ValueError) as e:
        raise RegisterError(f"the bridge at {base} cannot be reached: {getattr(e, 'reason', None) or e}") from e
    return answer if isinstance(answer, dict) else {}


def _refusal(code: int) -> str:
    if code == 401:
        return "does not know this token"
    return "has no /api/me: it is older than this command" if code == 404 else f"answered {code}"
