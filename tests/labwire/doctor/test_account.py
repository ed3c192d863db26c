import os
from pathlib import Path

import pytest

from broker.config import ConfigError
from labwire.doctor.account import Account, account, group_name


@pytest.mark.parametrize(
    ("mode", "uid", "group", "verbs", "may"),
    [
        (0o600, 5001, 5001, "rw", True),
        (0o600, 5001, 5001, "x", False),
        (0o640, 5002, 5001, "r", True),
        (0o640, 5002, 5001, "w", False),
        (0o604, 5002, 5003, "r", True),
        (0o600, 5002, 5003, "r", False),
        (0o044, 5001, 5001, "r", False),  # an owner's own bits count, whatever others may
    ],
)
def test_rights_by_owner_group_and_mode(mode: int, uid: int, group: int, verbs: str, may: bool) -> None:
    path = Path(f"/tmp/labwire-account-{os.getpid()}")
    path.write_text("")
    try:
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(path, 5001, 5001)
        path.chmod(mode)
        assert Account("x", uid, frozenset({group})).may(path, verbs) is may
    finally:
        path.unlink()


def test_a_closed_folder_above_closes_everything_below(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "open").write_text("")
    (tmp_path / "open").chmod(0o666)
    assert not Account("x", 5001, frozenset()).may(tmp_path / "open", "r")
    assert account(None).may(tmp_path / "open", "r")


def test_an_account_that_is_none() -> None:
    with pytest.raises(ConfigError, match="no account 'nobody-at-all'"):
        account("nobody-at-all")


def test_the_units_groups_count_too(tmp_path: Path) -> None:
    unit = tmp_path / "labwire-edge.service"
    unit.write_text(f"[Service]\nUser=labwire\nSupplementaryGroups={group_name(6)}\n")
    assert Account("x", 5001, frozenset()).with_unit(unit).groups == {6}
    assert Account("x", 5001, frozenset({9})).with_unit(tmp_path / "none").groups == {9}


def test_a_group_without_a_name_has_its_number() -> None:
    assert group_name(54321) == "54321"
