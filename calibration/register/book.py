"""What stands in the register, from its events: items, standards, and which of them sits where. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from calibration.record import Item, Standard
from calibration.register import events as ev
from calibration.register.errors import RegisterError

State = Literal["active", "retired"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where something sits from ``start`` (included) to ``end`` (not); ``end`` "": it still does. Times are UTC."""

    instrument: str
    channel: str
    start: str
    end: str = ""

    def holds(self, at: str) -> bool:
        return self.start <= at and (not self.end or at < self.end)

    def meets(self, other: "Placement") -> bool:
        """Whether there is a moment in both."""
        return (not other.end or self.start < other.end) and (not self.end or other.start < self.end)

    def __str__(self) -> str:
        return f"{self.instrument}/{self.channel}"


@dataclass(frozen=True, slots=True)
class ItemEntry:
    """An item. ``months`` is the interval agreed to, ``externals`` are certificates of service firms, oldest first."""

    item: Item
    state: State = "active"
    placements: tuple[Placement, ...] = ()
    months: int | None = None
    customer: str = ""
    externals: tuple[ev.External, ...] = ()
    plan: ev.CheckPlan | None = None
    added: str = ""

    @property
    def id(self) -> str:
        return self.item.id

    def where(self, at: str) -> Placement | None:
        return next((p for p in self.placements if p.holds(at)), None)


@dataclass(frozen=True, slots=True)
class StandardEntry:
    """A standard with the certificate in force; ``certificates`` are all it ever had, oldest first."""

    standard: Standard
    state: State = "active"
    placements: tuple[Placement, ...] = ()
    certificates: tuple[Standard, ...] = ()
    added: str = ""

    @property
    def id(self) -> str:
        return self.standard.id

    @property
    def class_(self) -> str:
        return self.standard.class_

    @property
    def due(self) -> str:
        return self.standard.due

    def where(self, at: str) -> Placement | None:
        return next((p for p in self.placements if p.holds(at)), None)


@dataclass(frozen=True)
class Book:
    """Items and standards by id. One thing may be both; it sits in one place."""

    items: dict[str, ItemEntry] = field(default_factory=dict)
    standards: dict[str, StandardEntry] = field(default_factory=dict)

    def item(self, id: str) -> ItemEntry:  # noqa: A002 - the register's own word
        if id not in self.items:
            raise RegisterError(f"there is no item {id!r}: labwire cal item add {id}")
        return self.items[id]

    def standard(self, id: str) -> StandardEntry:  # noqa: A002
        if id not in self.standards:
            raise RegisterError(f"there is no standard {id!r}: labwire cal standard add {id} --certificate FILE.pdf")
        return self.standards[id]

    def placed(self) -> Iterator[tuple[str, Placement]]:
        """Every placement there ever was, with what sat there; a thing that is item and standard comes once."""
        for id_ in {**self.items, **self.standards}:
            for placement in self.placements(id_):
                yield id_, placement

    def placements(self, id: str) -> tuple[Placement, ...]:  # noqa: A002
        entry = self.items.get(id) or self.standards.get(id)
        if entry is None:
            raise RegisterError(f"there is neither an item nor a standard {id!r}")
        return entry.placements


def fold(events: Iterable[ev.Event]) -> Book:
    """The register as its events leave it."""
    book = Book()
    for event in events:
        _apply(book, event)
    return book


def _apply(book: Book, event: ev.Event) -> None:
    match event:
        case ev.ItemAdded():
            before = book.items.get(event.id) or ItemEntry(event.item, placements=_here(book, event.id), added=event.t)
            book.items[event.id] = replace(before, item=event.item, months=event.months, customer=event.customer)
        case ev.StandardAdded():
            known = book.standards.get(event.id)
            before_ = known or StandardEntry(event.standard, placements=_here(book, event.id), added=event.t)
            all_ = (*before_.certificates, event.standard)
            newest = max(all_, key=lambda s: s.date)
            book.standards[event.id] = replace(before_, standard=newest, certificates=all_)
        case ev.Installed():
            _place(book, event.id, (*book.placements(event.id), _placement(event)))
        case ev.Removed():
            _place(book, event.id, _closed(book.placements(event.id), event.at))
        case ev.Retired():
            _place(book, event.id, _closed(book.placements(event.id), event.at))
            _retire(book, event.id)
        case ev.ExternalAdded():
            entry = book.item(event.id)
            book.items[event.id] = replace(entry, externals=(*entry.externals, event.external))
        case ev.CheckDefined():
            book.items[event.id] = replace(book.item(event.id), plan=event.plan)


def _placement(event: ev.Installed) -> Placement:
    return Placement(event.instrument, event.channel, event.at)


def _here(book: Book, id_: str) -> tuple[Placement, ...]:
    return book.placements(id_) if id_ in book.items or id_ in book.standards else ()


def _closed(placements: tuple[Placement, ...], at: str) -> tuple[Placement, ...]:
    return tuple(replace(p, end=at) if not p.end else p for p in placements)


def _place(book: Book, id_: str, placements: tuple[Placement, ...]) -> None:
    if id_ in book.items:
        book.items[id_] = replace(book.items[id_], placements=placements)
    if id_ in book.standards:
        book.standards[id_] = replace(book.standards[id_], placements=placements)


def _retire(book: Book, id_: str) -> None:
    if id_ in book.items:
        book.items[id_] = replace(book.items[id_], state="retired")
    if id_ in book.standards:
        book.standards[id_] = replace(book.standards[id_], state="retired")
