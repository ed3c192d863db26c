import pytest

from broker.messages import Channel, EdgeStatus, Meta, ServiceStatus, Status
from broker.values import Figures
from labwire.standing import Standing, stand
from labwire.survey import Heard, Survey

NOW = 1_800_000_000.0
FOR_EVER = float("inf")


def survey(**status: object) -> Survey:
    """One balance, its edge and a logger, all well."""
    found = Survey()
    found.metas["balance1"] = Meta(channels={"mass": Channel()}, edge="pi")
    given = {"state": "online", "boot": "b", "edge": "pi", "stored_by": "main", "ts": int(NOW * 1000)} | status
    found.statuses["balance1"] = Heard(Status(**given), NOW, NOW + 90)  # type: ignore[arg-type]
    found.lasts["balance1"] = {"ts": int(NOW * 1000) - 1000, "mass": 1.0}
    edge(found)
    add_logger(found)
    return found


def edge(found: Survey, state: str = "online", clock_s: float = 0, until: float = NOW + 90) -> None:
    figures: Figures = {"spool_bytes": 5, "spool_hours_left": 20.5, "lost": 3}
    ts = int((NOW - clock_s) * 1000)
    status = EdgeStatus(state=state, boot="b", ts=ts, version="1.2", figures=figures)  # type: ignore[arg-type]
    found.edges["pi"] = Heard(status, NOW, until)


def add_logger(found: Survey, state: str = "online", reason: str = "") -> None:
    figures: Figures = {"lag_ms": 40.0, "stored_per_s": 12.5, "disk_free_bytes": 10**9}
    status = ServiceStatus(state=state, boot="b", reason=reason, figures=figures)  # type: ignore[arg-type]
    found.services["logger", "main"] = Heard(status, NOW, NOW + 90)


def look(found: Survey) -> Standing:
    return stand(found, NOW)


def test_all_well() -> None:
    found = look(survey())
    assert found.problems == []
    (row,) = found.instruments
    assert (row.state, row.age_s, row.edge) == ("online", 1.0, "pi")
    (host,) = found.edges
    assert (host.spool_bytes, host.hours_left, host.lost, host.clock_s, host.version) == (5, 20.5, 3, None, "1.2")
    (service,) = found.services
    assert (service.lag_ms, service.stored_per_s, service.disk_free_bytes) == (40, 12.5, 10**9)


def test_an_instrument_that_says_what_is_wrong() -> None:
    assert look(survey(state="degraded", reason="no answer")).problems == ["instrument balance1: no answer"]


def test_a_status_that_has_expired_is_silence() -> None:
    found = survey()
    del found.statuses["balance1"]
    assert look(found).instruments[0].state == "silent"
    assert stand(survey(), NOW + 91).instruments[0].state == "silent"


@pytest.mark.parametrize("state", ["lost", "offline"])
def test_an_instrument_goes_with_its_edge(state: str) -> None:
    found = survey()
    edge(found, state, until=FOR_EVER)
    assert look(found).instruments[0].problem == f"its edge pi is {state}"


def test_an_edge_that_nobody_hears_any_more() -> None:
    found = survey()
    del found.edges["pi"]
    assert "edge pi: silent for more than 90 s" in look(found).problems


def test_a_clock_that_is_behind() -> None:
    found = survey()
    edge(found, clock_s=600)
    (row,) = look(found).edges
    assert (row.clock_s, row.problem) == (600, "its clock is 600 s behind")
    assert look(found).instruments[0].age_s == 1.0  # its own clock is right


def test_an_age_is_corrected_by_the_senders_own_clock() -> None:
    found = survey(ts=int((NOW - 600) * 1000))
    found.lasts["balance1"] = {"ts": int((NOW - 602) * 1000)}
    assert look(found).instruments[0].age_s == 2.0


def test_samples_that_stay_away() -> None:
    found = survey()
    found.lasts["balance1"] = {"ts": int((NOW - 60) * 1000)}
    assert look(found).problems == ["instrument balance1: no sample for 60 s"]


def test_a_logger_that_holds() -> None:
    found = survey()
    add_logger(found, "holding", "the disk is full")
    assert look(found).problems == ["logger main: the disk is full"]


def test_a_logger_that_is_awaited_and_silent() -> None:
    found = survey()
    found.services.clear()
    (problem,) = look(found).problems
    assert problem.startswith("logger main: silent")


def test_no_logger_at_all() -> None:
    found = survey(stored_by="")
    found.services.clear()
    assert look(found).problems == ["nobody stores: there is no logger on this broker"]


def test_nothing_at_all() -> None:
    assert look(Survey()).problems[0].startswith("nothing is there")
    assert look(Survey(problem="no broker")).problems == ["no broker"]
