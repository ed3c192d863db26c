"""Shapes in the database: numbers for them, and back."""

import sqlite3

import msgspec

from logger.pieces import Shape
from logger.store.books import Names


class Shapes:
    """Shapes by number, each read once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[int, Shape] = {}

    def __getitem__(self, id_: int) -> Shape:
        if id_ not in self._known:
            (body,) = self._db.execute("SELECT body FROM shape WHERE id = ?", (id_,)).fetchone()
            self._known[id_] = msgspec.json.decode(body, type=Shape)
        return self._known[id_]


class ShapeIds:
    """Numbers for shapes, made when they are new. Belongs to the writer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._names = Names(db, "shape", "body")
        self._ids: dict[Shape, int] = {}

    def id(self, shape: Shape) -> int:
        known = self._ids.get(shape)
        if known is None:
            known = self._ids[shape] = self._names.id(msgspec.json.encode(shape).decode())
        return known
