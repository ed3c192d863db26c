"""A store with something of everything, and ways to damage it."""

import sqlite3
from pathlib import Path

import pytest

from broker.messages import Event
from broker.topics import Kind
from logger.store.accounts import COUNT
from logger.store.checks import PARTS, wrong
from logger.store.reading import Reader
from tests.logger.support import BOOT, T_MS, block, data, meta, open_store, packet, write

DB = "labwire.db"


def make(folder: Path) -> Path:
    """Finished, growing and single rows, roll-ups, records, traffic in small and in melted segments; closed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logger.store.melt.ROWS", 256)
        patch.setattr("logger.store.sheets.GATHER", 3)
        patch.setattr("logger.store.segments.MELT_COUNT", 8)
        store = open_store(folder)
        write(store, packet(Kind.META, meta(temp="float", mode="str")))
        for seq in range(0, 2000, 50):
            write(store, block(seq, 50, {"temp": [k * 0.7071 for k in range(seq, seq + 50)]}))
        write(store, *(data(seq, {"temp": seq / 3, "mode": "ramp"}) for seq in range(2000, 2007)))
        event = Event(ts=T_MS, kind="alarm", text="too hot", boot=BOOT, eseq=0)
        write(store, packet(Kind.EVENT, event), packet(Kind.DATA, b'{"boot":"x-1","seq":3}'))
        store.close()
    return folder / DB


def found(path: Path) -> dict[str, list[str]]:
    """Part → what is wrong, of the parts where something is."""
    reader = Reader(path)
    try:
        all_ = {part.name: wrong(part, reader, lambda _share: None) for part in PARTS}
    finally:
        reader.close()
    return {name: texts for name, texts in all_.items() if texts}


def change(path: Path, sql: str, *args: object) -> None:
    db = sqlite3.connect(path)
    assert db.execute(sql, args).rowcount, "nothing was damaged"
    db.commit()
    db.close()


def counted(path: Path) -> None:
    """The sizes are right again."""
    db = sqlite3.connect(path)
    for statement in COUNT:
        db.execute(statement)
    db.commit()
    db.close()


def flip(path: Path, sql: str, at: int) -> None:
    """One bit of the blob that ``sql`` finds, in the file itself; ``at`` counts from its end."""
    db = sqlite3.connect(path)
    (blob,) = db.execute(sql).fetchone()
    db.close()
    content = bytearray(path.read_bytes())
    place = content.find(blob[-24:])
    assert place > 0, "the blob's end lies in one page"
    while place > 0:  # also where a deleted row still has its bytes
        content[place + 24 - at] ^= 0x10
        place = content.find(blob[-24:], place + 24)
    path.write_bytes(content)
