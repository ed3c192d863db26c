"""Faults of files, folders and ports on this machine, planted for real."""

import asyncio
import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import mosquitto as real
from labwire.doctor.account import Account, account
from labwire.doctor.local import (
    check_data_dir,
    check_disk,
    check_history,
    check_page_port,
    check_secrets,
    check_serial,
    is_bridge,
)
from labwire.doctor.parts import Part, read
from tests.labwire.doctor.planted import Planted, checks, listening, one

STRANGER = "nobody"


def part(path: Path) -> Part:
    found, wrong = read(path)
    assert found is not None
    assert not wrong
    return found


def lab(folder: Path) -> Planted:
    folder.chmod(0o755)
    return Planted(folder, 1883)


@pytest.fixture
def stranger() -> Account:
    """An account that owns nothing here, and that the folders above let through."""
    return account(STRANGER)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that strangers reach: pytest's own are closed to them."""
    folder = Path("/tmp") / f"labwire-doctor-{os.getpid()}"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    yield folder
    subprocess.run(["rm", "-r", str(folder)], check=True)


def test_all_is_well_with_ones_own_folder(tmp_path: Path) -> None:
    assert list(check_data_dir(part(lab(tmp_path).logger()), account(pwd.getpwuid(os.geteuid()).pw_name))) == []


def test_a_data_dir_that_the_service_may_not_write(open_folder: Path, stranger: Account) -> None:
    (found,) = check_data_dir(part(lab(open_folder).logger()), stranger)
    assert found.check == "data-dir"
    assert f"install -d -o {STRANGER} {open_folder}/logger" in found.remedy


def test_a_data_dir_that_it_may_write(open_folder: Path, stranger: Account) -> None:
    (open_folder / "logger").mkdir()
    (open_folder / "logger").chmod(0o777)
    assert list(check_data_dir(part(lab(open_folder).logger()), stranger)) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    where = tmp_path / "disk"
    where.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(where)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting needs rights that this account has not")
    yield where
    subprocess.run(["umount", str(where)], check=True)


@pytest.mark.parametrize(("used", "check"), [(4 * 1024, "disk-full"), (3800, "disk-nearly-full"), (100, "")])
def test_a_disk_that_fills(small_disk: Path, used: int, check: str) -> None:
    looked = part(lab(small_disk).logger())
    with (small_disk / "ballast").open("wb", buffering=0) as file:
        try:
            for _ in range(used):
                file.write(bytes(1024))
        except OSError:
            pass  # full, as wanted
    assert [f.check for f in check_disk(looked, account(None))] == ([check] if check else [])


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    looked = part(lab(tmp_path).logger(password_file=tmp_path / "none"))
    (found,) = check_secrets(looked, account(None))
    assert found.check == "secret"
    assert "labwire broker prepare" in found.remedy


def test_a_secret_that_the_service_may_not_read(open_folder: Path, stranger: Account) -> None:
    (found,) = check_secrets(part(lab(open_folder).logger()), stranger)
    assert found.check == "secret"
    assert f"chown {STRANGER}" in found.remedy


def test_a_secret_that_everybody_may_read(tmp_path: Path) -> None:
    looked = part(lab(tmp_path).logger())
    (tmp_path / "logger-main.secret").chmod(0o644)
    (found,) = check_secrets(looked, account(None))
    assert (found.check, found.remedy) == ("secret-open", f"chmod 600 {tmp_path / 'logger-main.secret'}")
    assert "mode 644" in found.text


def test_a_serial_port_that_is_not_there(tmp_path: Path) -> None:
    (found,) = check_serial(part(lab(tmp_path).edge("/dev/labwire/nothing")), account(None))
    assert found.check == "serial-missing"
    assert "balance1" in found.text


def test_a_serial_port_without_permission(open_folder: Path, stranger: Account) -> None:
    main, side = os.openpty()
    try:
        Path(os.ttyname(side)).chmod(0o600)
        (found,) = check_serial(part(lab(open_folder).edge(os.ttyname(side))), stranger)
        Path(os.ttyname(side)).chmod(0o666)
        assert list(check_serial(part(lab(open_folder).edge(os.ttyname(side))), stranger)) == []
    finally:
        os.close(main)
        os.close(side)
    assert found.check == "serial-permission"
    assert "usermod -aG" in found.remedy


def test_a_line_over_tcp_is_not_touched(tmp_path: Path) -> None:
    assert list(check_serial(part(lab(tmp_path).edge("tcp://127.0.0.1:1")), account(None))) == []


async def test_the_pages_port_taken_by_something_else(planted: Planted) -> None:
    async with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as port:
        # In a thread of its own: the server in its way lives in this loop.
        found = await in_thread(planted, f"port = {port}\n")
    assert f"ss -ltnp sport = :{port}" in found


async def in_thread(planted: Planted, more: str) -> str:
    looked = part(planted.bridge(more))
    (found,) = await asyncio.to_thread(lambda: list(check_page_port(looked, account(None))))
    assert found.check == "port-taken"
    return found.remedy


def test_nobody_is_no_bridge() -> None:
    assert not is_bridge("127.0.0.1", real.free_port())


def test_a_history_that_is_not_there(tmp_path: Path) -> None:
    (found,) = check_history(part(lab(tmp_path).bridge('history_db = "none.db"\n')), account(None))
    assert "is not there" in found.text


def test_a_history_that_the_bridge_may_not_read(open_folder: Path, stranger: Account) -> None:
    database = open_folder / "labwire.db"
    database.write_bytes(b"")
    database.chmod(0o600)
    (found,) = check_history(part(lab(open_folder).bridge('history_db = "labwire.db"\n')), stranger)
    assert f"{STRANGER} may not read {database}" in found.text


def test_a_history_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "labwire.db").write_bytes(b"this is no database, whatever its name says" * 100)
    (found,) = check_history(part(lab(tmp_path).bridge('history_db = "labwire.db"\n')), account(None))
    assert found.check == "history"


async def test_a_register_that_is_not_there(planted: Planted) -> None:
    found = one(await planted.doctor(planted.bridge('calibration_dir = "nowhere"\n')), "register")
    assert "labwire cal init" in found.remedy


async def test_a_page_without_its_libraries(planted: Planted) -> None:
    page = planted.folder / "page"
    page.mkdir()
    (page / "index.html").write_text('<html><script src="vendor/uplot/uplot.js"></script></html>')
    found = one(await planted.doctor(planted.bridge('dashboard_dir = "page"\n')), "page")
    assert "uplot" in found.text


async def test_two_with_one_folder(planted: Planted) -> None:
    shared = f'data_dir = "{planted.folder}/bridge"\nhistory_db = ""\n'
    other = planted.write("other", shared, "bridge-main")
    assert "data-dir-shared" in checks(await planted.doctor(planted.bridge(), other))
