"""The commands of ``labwire cal``, one module each: ``add(parser)`` says what it takes, ``run(args)`` does it.

A command raises ``Wrong`` for what a person must put right; ``calibration.__main__`` prints that one sentence.
"""

from pathlib import Path

EXIT_OK, EXIT_FAILED, EXIT_WRONG = 0, 1, 2


class Wrong(Exception):
    """One sentence for the person at the terminal."""


def read_text(path: Path) -> str:
    """The text of a file. Raises Wrong."""
    try:
        return path.read_bytes().decode()
    except OSError as e:
        raise Wrong(f"{path} cannot be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise Wrong(f"{path} is not text in UTF-8") from e
