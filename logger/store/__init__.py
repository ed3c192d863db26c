"""The embedded store: one SQLite file that one logger writes and anybody may read.

The read side, also for the bridge: ``from logger.store import Extent, History, choose_step``.
"""

from logger.store.buckets import Buckets, choose_step
from logger.store.history import Extent, History, LedgerLine, LogEntry, Rows
from logger.store.marks import MarkLine
from logger.store.reading import HistoryError

__all__ = ["Buckets", "Extent", "History", "HistoryError", "LedgerLine", "LogEntry", "MarkLine", "Rows", "choose_step"]
