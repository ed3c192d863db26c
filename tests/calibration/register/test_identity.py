"""A real bridge says whose token it is."""

import asyncio
from pathlib import Path

import pytest

from broker.mosquitto import free_port
from calibration.record import Person
from calibration.register import RegisterError
from calibration.register.identity import person
from tests.bridge_ws.bench import OPERATOR, VIEWER, bridge
from tests.support.broker import TestBroker

AT = "2026-11-21T08:00:00Z"


async def test_a_token_is_checked_with_the_bridge(mosquitto: TestBroker, tmp_path: Path) -> None:
    async with bridge(mosquitto, tmp_path) as b:
        token = tmp_path / "token"
        token.write_text(OPERATOR + "\n")
        for env in ({"LABWIRE_TOKEN": OPERATOR}, {"LABWIRE_TOKEN_FILE": str(token)}):
            who = await asyncio.to_thread(person, {"LABWIRE_URL": b.url, **env}, "", AT)
            assert who == Person(name="olga", at=AT, authenticated=True)
        env = {"LABWIRE_URL": b.url}
        for given, typed, says in (
            (VIEWER, "", "victor may look"),
            ("lw_wrong", "", "does not know this token"),
            (OPERATOR, "anna", "the token is olga's, --by says anna"),
        ):
            with pytest.raises(RegisterError, match=says):
                await asyncio.to_thread(person, {**env, "LABWIRE_TOKEN": given}, typed, AT)


def test_a_typed_name_is_not_authenticated() -> None:
    assert person({}, " anna ", AT) == Person(name="anna", at=AT, authenticated=False)
    with pytest.raises(RegisterError, match="--by NAME"):
        person({}, " ", AT)


def test_no_bridge_no_name(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    for env, says in (
        ({"LABWIRE_URL": nowhere, "LABWIRE_TOKEN": "x"}, "cannot be reached"),
        ({"LABWIRE_URL": "file:///etc/passwd", "LABWIRE_TOKEN": "x"}, "an address such as"),
        ({"LABWIRE_TOKEN_FILE": str(tmp_path / "no")}, "cannot be read"),
    ):
        with pytest.raises(RegisterError, match=says):
            person(env, "anna", AT)
