from edge.health import Health


def test_offline_until_the_first_reading() -> None:
    health = Health()

    assert (health.state, health.reason) == ("offline", "connecting")
    assert health.reading() is True
    assert health.state == "online"
    assert health.reading() is False


def test_degraded_ends_after_three_readings_in_a_row() -> None:
    health = Health()
    health.reading()

    assert health.trouble("no answer") is True
    assert (health.state, health.reason) == ("degraded", "no answer")
    assert [health.reading(), health.reading()] == [False, False]
    assert health.trouble("again") is False
    assert [health.reading(), health.reading(), health.reading()] == [False, False, True]
    assert health.state == "online"


def test_gone_tells_each_new_reason_once() -> None:
    health = Health()
    health.reading()

    assert [health.gone("unplugged"), health.gone("unplugged"), health.gone("no port")] == [True, False, True]
    assert health.trouble("x") is False
    assert (health.state, health.reason) == ("offline", "no port")
