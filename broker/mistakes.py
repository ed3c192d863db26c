"""Collecting every mistake of a configuration, each one sentence, instead of stopping at the first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from broker.config import ConfigError

P = ParamSpec("P")
R = TypeVar("R")


class Mistakes:
    """Sentences found so far. ``within`` says where: file, instrument, key."""

    def __init__(self, *, where: str = "", found: list[str] | None = None) -> None:
        self.where = where
        self.found: list[str] = [] if found is None else found

    def within(self, part: str) -> "Mistakes":
        """The same list, for sentences about ``part``."""
        return Mistakes(where=f"{self.where}{part}: ", found=self.found)

    def add(self, sentence: str) -> None:
        self.found.append(self.where + sentence)

    def attempt(self, make: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """What ``make`` returns, or None with its ConfigError or ValueError added."""
        with self.noting():
            return make(*args, **kwargs)
        return None

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Add a ConfigError or ValueError from inside and go on after it."""
        try:
            yield
        except (ConfigError, ValueError) as e:
            self.add(str(e))
