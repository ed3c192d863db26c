from broker import mosquitto as real
from broker.config import BrokerConfig
from labwire.doctor.probe import ask, greet
from tests.labwire.doctor.planted import listening
from tests.support.broker import TestBroker


async def test_a_greeting_tells_the_brokers_limits(mosquitto: TestBroker) -> None:
    greeting = await greet(mosquitto.config("viewer"))
    assert greeting.accepted
    assert (greeting.in_flight, greeting.packet_bytes) == (1000, 1048576)


async def test_a_stranger_is_refused(mosquitto: TestBroker) -> None:
    greeting = await greet(BrokerConfig(port=mosquitto.port, user="mallory"))
    assert not greeting.accepted
    assert greeting.code is not None


async def test_nobody_there() -> None:
    assert (await greet(BrokerConfig(port=real.free_port()))).trouble == "refused"


async def test_whoever_is_silent_is_not_waited_for() -> None:
    async with listening(None) as port:
        assert (await greet(BrokerConfig(port=port), timeout_s=0.2)).trouble == "silent"


async def test_the_version_is_told_to_whom_it_may_be(mosquitto: TestBroker) -> None:
    answers = await ask(mosquitto.config("logger-main"), timeout_s=10)
    assert answers.version.startswith("mosquitto version ")
    assert not answers.open
    assert await ask(mosquitto.config("edge-pi"), timeout_s=10) == type(answers)()
