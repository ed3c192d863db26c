from logger.room import DAY_S, Forecast


def test_a_rate_needs_ten_minutes() -> None:
    forecast = Forecast()
    assert forecast.days_left(10**9) is None
    for minute in range(10):
        forecast.add(minute * 60.0, 10**6 * minute)
    assert forecast.days_left(10**9) is None
    forecast.add(600.0, 10**7)
    assert forecast.bytes_per_day() == 10**6 / 60 * DAY_S
    assert forecast.days_left(1440 * 10**6 * 7) == 7.0


def test_what_does_not_grow_lasts_for_ever() -> None:
    forecast = Forecast()
    for minute in range(20):
        forecast.add(minute * 60.0, 10**6 - minute)
    assert forecast.days_left(10**9) is None


def test_only_the_last_day_counts() -> None:
    forecast = Forecast()
    for hour in range(72):
        forecast.add(hour * 3600.0, 10**9 * max(0, hour - 40))
    rate = forecast.bytes_per_day()
    assert rate is not None
    assert abs(rate - 24e9) < 1e9


def test_a_clock_that_was_set_back_begins_anew() -> None:
    forecast = Forecast()
    forecast.add(10_000.0, 0)
    forecast.add(11_000.0, 10**6)
    forecast.add(500.0, 10**6)
    assert forecast.bytes_per_day() is None
