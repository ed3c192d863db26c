"""Who may use the bridge: named tokens with a role. Only their SHA-256 is kept.

A token is 256 random bits, so its plain hash cannot be guessed back; it is compared in constant time.
"""

import hashlib
import hmac
import tomllib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from broker.topics import TopicError, check_name

Role = Literal["viewer", "operator"]


class TokensError(ValueError):
    """A tokens file that cannot be used; the text says where and why."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the tokens file."""

    name: str
    role: Role
    sha256: str

    def __post_init__(self) -> None:
        check_name(self.name, "token name")
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ValueError(f"sha256 of {self.name} is not 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the bridge has before it."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        return role == "viewer" or self.role == "operator"


ANONYMOUS = Identity("anonymous", "viewer")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: list[Token] = []


def parse(text: str, name: str) -> list[Token]:
    """Read a tokens file. Raises TokensError naming the file."""
    try:
        tokens = msgspec.convert(tomllib.loads(text), _File).token
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, TopicError) as e:
        raise TokensError(f"{name}: {e}") from e
    twice = {t.name for t in tokens if sum(o.name == t.name for o in tokens) > 1}
    if twice:
        raise TokensError(f"{name}: {', '.join(sorted(twice))} stands there more than once")
    return tokens


def render(tokens: Iterable[Token]) -> str:
    """The text of a tokens file."""
    lines = ["# Written by `labwire bridge token`; the tokens themselves are not kept.\n"]
    lines += [f'\n[[token]]\nname = "{t.name}"\nrole = "{t.role}"\nsha256 = "{t.sha256}"\n' for t in tokens]
    return "".join(lines)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def make(name: str, role: Role, random: Callable[[int], str]) -> tuple[str, Token]:
    """A new secret and its entry. ``random(bytes)`` gives URL-safe text. Raises TopicError for a bad name."""
    secret = f"lw_{random(32)}"
    return secret, Token(name, role, digest(secret))


def find(secret: str, tokens: Sequence[Token]) -> Identity | None:
    """Whose token it is. Every entry is compared, whichever fits."""
    given = digest(secret)
    found = [t for t in tokens if hmac.compare_digest(t.sha256, given)]
    return Identity(found[0].name, found[0].role) if found else None


class Failures:
    """Counts wrong tokens per client address; too many in a minute are answered shortly and not logged."""

    def __init__(self, most: int = 10, seconds: float = 60.0, addresses: int = 10_000) -> None:
        self._most = most
        self._ms = seconds * 1000
        self._addresses = addresses
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, address: str, now_ms: float) -> None:
        times = self._times.setdefault(address, deque(maxlen=self._most))
        times.append(now_ms)
        self._times.move_to_end(address)
        if len(self._times) > self._addresses:
            self._times.popitem(last=False)

    def too_many(self, address: str, now_ms: float) -> bool:
        times = self._times.get(address)
        return times is not None and len(times) == self._most and now_ms - times[0] < self._ms
