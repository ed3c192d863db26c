"""The procedures that ship with labwire, as files to copy and to change."""

from importlib.resources import files


def names() -> list[str]:
    """Their names, sorted."""
    return sorted(f.name.removesuffix(".toml") for f in files(__package__).iterdir() if f.name.endswith(".toml"))


def text(name: str) -> str:
    """The TOML of a template. Raises KeyError for a name that is not in ``names()``."""
    if name not in names():
        raise KeyError(name)
    return (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
