from logger.store.samples import SampleCount
from logger.store.writer import Outcome
from logger.tally import Tally


def outcome(samples: int) -> Outcome:
    count = SampleCount(samples=samples, values=3 * samples, duplicates=1, set_aside=2, newest_us=99_500_000)
    return Outcome(messages=samples + 1, records=1, undecodable=1, count=count)


def test_figures_are_sums_and_rates() -> None:
    tally = Tally()
    tally.add(outcome(300), now=100.0)
    tally.add(outcome(600), now=110.0)

    assert tally.figures(120.0) == {
        "messages": 902,
        "samples": 900,
        "values": 2700,
        "records": 2,
        "stored_per_s": 30.0,
        "duplicates": 2,
        "set_aside": 4,
        "undecodable": 2,
        "same_time": 0,
        "transactions": 2,
        "lag_ms": 10_500.0,
    }
    assert tally.figures(135.0)["stored_per_s"] == 20.0
    assert tally.figures(500.0)["stored_per_s"] == 0.0
