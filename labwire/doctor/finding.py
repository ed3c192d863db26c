"""What a check found."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """``check`` is one word for programs; ``text`` what is wrong, ``remedy`` what to do, one sentence each."""

    level: Literal["error", "warning"]
    check: str
    where: str
    text: str
    remedy: str
