"""What the simulator can be told at run time: one word and its arguments a line. Pure."""

from dataclasses import dataclass, replace

HELP = """stall SECONDS      no byte in or out; what is sampled meanwhile is lost
jump SECONDS       the application's clock jumps
restart [SECONDS]  the server stops and comes back (after SECONDS) with other indices
hide PATH          this signal is missing after the next restart
latin1 | unescaped restart with names in latin-1 | with quotes, < and line feeds in comments
fragments N        send segments of 1 to N bytes
late SECONDS       greet so late
limit N            accept and close from the N-th connection on
wedge SECONDS      no greetings, and writes hang
refuse             the application refuses every write
login              after a restart: login="mandatory"
door open|closed|auto
normal             end all faults"""


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults in force."""

    fragments: int = 0
    late_s: float = 0.0
    limit: int = 1000
    refuse: bool = False
    login: bool = False
    latin1: bool = False
    unescaped: bool = False
    hidden: frozenset[str] = frozenset()


def switch(faults: Faults, word: str, argument: str) -> Faults:
    """The faults after one word that is a state. Raises ValueError for any other, and for a wrong argument."""
    match word:
        case "normal":
            return Faults()
        case "fragments":
            return replace(faults, fragments=int(argument))
        case "late":
            return replace(faults, late_s=float(argument))
        case "limit":
            return replace(faults, limit=int(argument))
        case "refuse":
            return replace(faults, refuse=argument != "off")
        case "login":
            return replace(faults, login=argument != "off")
        case "latin1":
            return replace(faults, latin1=argument != "off")
        case "unescaped":
            return replace(faults, unescaped=argument != "off")
        case "hide" if argument:
            return replace(faults, hidden=faults.hidden | {argument})
    raise ValueError(f"{word!r} is not known; known are:\n{HELP}")
