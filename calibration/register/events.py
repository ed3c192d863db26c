"""The lines of ``register.jsonl``: what became of items, standards and their certificates; who wrote it and when."""

from typing import Annotated

import msgspec

from calibration.chain import canonical
from calibration.record import Item, Numeral, Person, Sha, Stamp, Standard
from calibration.register.errors import RegisterError

Months = Annotated[int, msgspec.Meta(ge=1, le=1200)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="event"):
    id: Name
    t: Stamp
    by: Person


class ItemAdded(_Event, frozen=True, tag="item-added"):
    """An item, or its description anew. ``months`` is the interval its owner agreed to."""

    item: Item
    months: Months | None = None
    customer: str = ""


class Installed(_Event, frozen=True, tag="installed"):
    """An item or a standard sits at a channel from ``at`` on."""

    instrument: str
    channel: str
    at: Stamp


class Removed(_Event, frozen=True, tag="removed"):
    at: Stamp
    reason: str = ""


class Retired(_Event, frozen=True, tag="retired"):
    """Not to be used any more."""

    at: Stamp
    reason: str = ""


class StandardAdded(_Event, frozen=True, tag="standard-added"):
    """A standard with its certificate; for one that is known, the next certificate."""

    standard: Standard


class External(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A certificate of a service firm for an item. ``passed`` None: it states no conformity."""

    certificate: str
    laboratory: str = ""
    date: Stamp
    due: Stamp = ""
    passed: bool | None = None
    file_sha256: Sha = ""
    note: str = ""


class ExternalAdded(_Event, frozen=True, tag="external-added"):
    external: External


class CheckPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A check weight, an ice point, a buffer: read often, between calibrations.

    ``warning`` and ``action`` are half-widths about ``nominal``, in ``unit``.
    """

    name: str
    nominal: Numeral
    warning: Numeral
    action: Numeral
    unit: str = ""
    every_days: Annotated[int, msgspec.Meta(ge=1)] = 1
    means: str = ""


class CheckDefined(_Event, frozen=True, tag="check-defined"):
    """How an item is checked from now on."""

    plan: CheckPlan


Event = ItemAdded | Installed | Removed | Retired | StandardAdded | ExternalAdded | CheckDefined


def line(event: Event) -> bytes:
    """As it stands in register.jsonl."""
    return canonical(msgspec.to_builtins(event)) + b"\n"


def read(data: bytes, number: int) -> Event:
    """Raises RegisterError naming the line."""
    try:
        event: Event = msgspec.json.decode(data, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise RegisterError(f"line {number} of register.jsonl cannot be read: {e}") from e
    return event
