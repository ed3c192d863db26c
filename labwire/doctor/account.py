"""What an account may do with a file, by owner, group and mode; for our own account the system is asked."""

import grp
import os
import pwd
import re
from dataclasses import dataclass, replace
from pathlib import Path

from broker.config import ConfigError

SERVICE = "labwire"
"""The account of the systemd units."""
UNIT = Path("/etc/systemd/system/labwire-edge.service")
_BITS = {"r": 4, "w": 2, "x": 1}
_FLAGS = {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    groups: frozenset[int]

    @property
    def own(self) -> bool:
        """Whether it is who runs this."""
        return self.uid == os.geteuid()

    def may(self, path: Path, verbs: str) -> bool:
        """Whether it may ``r``, ``w`` and ``x`` as ``verbs`` says; every folder above must let it through."""
        if self.own:
            return os.access(path, sum(_FLAGS[v] for v in verbs))
        if self.uid == 0:
            return path.exists()
        real = path.resolve()
        return all(self._bits(above, "x") for above in real.parents) and self._bits(real, verbs)

    def _bits(self, path: Path, verbs: str) -> bool:
        try:
            stat = path.stat()
        except OSError:
            return False
        shift = 6 if stat.st_uid == self.uid else 3 if stat.st_gid in self.groups else 0
        return all(stat.st_mode >> shift & _BITS[verb] for verb in verbs)

    def with_unit(self, unit: Path = UNIT) -> "Account":
        """The same with the groups that systemd gives an edge beside its own."""
        try:
            told = re.findall(r"^SupplementaryGroups=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
            more = {grp.getgrnam(name).gr_gid for line in told for name in line.split()}
        except (OSError, KeyError):
            return self
        return self if self.own else replace(self, groups=self.groups | more)


def account(name: str | None) -> Account:
    """The account ``name``; without one: whoever runs this, or for root the services' own. Raises ConfigError."""
    try:
        if name is not None:
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))
        if os.geteuid() == 0:
            return account(SERVICE)
    except KeyError:
        raise ConfigError(f"there is no account {name!r} on this machine") from None
    except ConfigError:
        pass
    return Account(_own_name(), os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
