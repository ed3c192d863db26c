from logger.ledger import Stream
from logger.requests import PER_BOOK, Requests
from logger.store.writer import Hole


def hole(a: int, b: int, source: str = "oven1") -> Hole:
    return Hole(source, Stream.SAMPLES, "boot", a, b)


def asked(requests: Requests, hole: Hole, until: int) -> list[int]:
    return [now for now in range(until) if requests.due(now, [hole])]


def test_a_hole_is_given_time_and_then_asked_for_ever_more_rarely() -> None:
    assert asked(Requests(), hole(5, 9), 250) == [5, 15, 35, 75, 135, 195]


def test_progress_gives_it_time_again() -> None:
    requests = Requests()
    assert asked(requests, hole(5, 100), 20) == [5, 15]
    assert requests.due(20, [hole(50, 100)]) == [], "it fills from below"
    assert requests.due(24, [hole(50, 100)]) == []
    assert requests.due(25, [hole(50, 100)]) == [hole(50, 100)]


def test_a_filled_hole_is_forgotten() -> None:
    requests = Requests()
    requests.due(0, [hole(5, 9)])
    requests.due(1, [])

    assert requests.due(6, [hole(5, 9)]) == []


def test_only_the_first_holes_of_each() -> None:
    requests = Requests()
    holes = [hole(10 * k, 10 * k + 3, source) for source in ("a", "b") for k in range(20)]
    requests.due(0, holes)

    assert len(requests.due(5, holes)) == 2 * PER_BOOK
