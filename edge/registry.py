"""Which drivers there are: ``line``, and the classes of the entry point group ``labwire.instruments``."""

from importlib.metadata import entry_points
from typing import Any

from edge.driver import Driver

GROUP = "labwire.instruments"


def driver_names() -> list[str]:
    """All names that may stand after ``driver =``, sorted."""
    return sorted({"line", *(e.name for e in entry_points(group=GROUP))})


def driver_class(name: str) -> type[Driver[Any]]:
    """The class behind a name. Raises ValueError with the names there are, or why the class cannot be loaded."""
    found = [e for e in entry_points(group=GROUP) if e.name == name]
    if not found:
        raise ValueError(f"key 'driver': there is no driver {name!r}; known are {', '.join(driver_names())}")
    try:
        class_ = found[0].load()
    except (ImportError, AttributeError) as e:
        raise ValueError(f"key 'driver': {name!r} is {found[0].value}, which cannot be loaded: {e}") from e
    if not (isinstance(class_, type) and issubclass(class_, Driver)):
        raise ValueError(f"key 'driver': {name!r} is {found[0].value}, which is not a Driver")
    return class_
