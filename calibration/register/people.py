"""Names as they are printed."""

from calibration.record import Person


def shown(person: Person) -> str:
    """What somebody only typed says so."""
    return person.name if person.authenticated else f"{person.name or 'nobody'} (not authenticated)"


def who(person: Person) -> str:
    """The same for the chain, where nobody is nothing."""
    return shown(person) if person.name else ""
