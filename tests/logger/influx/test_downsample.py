from logger.influx.config import InfluxConfig
from logger.influx.downsample import levels, once, task

CONFIG = InfluxConfig(url="http://h", bucket='lab "1"', keep_1m_days=3)


def test_a_task_fills_whole_steps_only() -> None:
    minute, hour = levels(CONFIG)

    assert (minute.suffix, minute.keep_days, hour.suffix, hour.keep_days) == ("_1m", 3, "_1h", 0)
    assert 'option task = {name: "labwire lab \\"1\\"_1m", every: 1m, offset: 10s}' in task(CONFIG, minute)
    assert "range(start: date.truncate(t: -3m, unit: 1m), stop: date.truncate(t: now(), unit: 1m))" in task(
        CONFIG, minute
    )
    assert 'to(bucket: "lab \\"1\\"_1h")' in task(CONFIG, hour)


def test_a_time_that_has_passed_is_widened_to_whole_steps() -> None:
    minute, hour = levels(CONFIG)

    assert "range(start: time(v: 60000000000), stop: time(v: 180000000000))" in once(CONFIG, minute, 61, 121)
    assert "range(start: time(v: 0000000000), stop: time(v: 3600000000000))" in once(CONFIG, hour, 61, 121)
