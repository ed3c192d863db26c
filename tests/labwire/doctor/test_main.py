import json
import subprocess
import sys
from pathlib import Path

import pytest

from labwire.doctor.__main__ import main
from tests.support.broker import TestBroker


def test_findings_have_text_and_remedy_and_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "logger.toml"
    file.write_text(f'data_dir = "{tmp_path}"\nlinger = 5\n[broker]\nport = 1\n')
    assert main(["-c", str(file)]) == 1
    out = capsys.readouterr().out
    assert "error: " in out
    assert "[configuration]" in out
    assert "[broker-down]" in out
    assert "    → Start it: systemctl start labwire-mosquitto" in out


def test_findings_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "logger.toml"
    file.write_text(f'data_dir = "{tmp_path}"\n[broker]\nport = 1\n')
    assert main(["--json", "-c", str(file)]) == 1
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert set(found["broker-down"]) == {"level", "check", "where", "text", "remedy"}


def test_nothing_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(tmp_path)]) == 2
    assert "no configuration of labwire" in capsys.readouterr().err


def test_a_register_that_is_there_is_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from calibration.__main__ import main as calibrate

    assert calibrate(["init", "--dir", str(tmp_path / "register")]) == 0
    capsys.readouterr()
    file = tmp_path / "calibration.toml"
    file.write_text('calibration_dir = "register"\n[broker]\nport = 1\n')
    assert main(["-c", str(file)]) == 1
    assert "[register]" not in capsys.readouterr().out


async def test_no_password_is_ever_printed(mosquitto: TestBroker, tmp_path: Path) -> None:
    from labwire.doctor.__main__ import examine, report
    from labwire.doctor.account import account

    secret = tmp_path / "secret"
    secret.write_text("never-to-be-seen")
    file = tmp_path / "logger.toml"
    table = f'port = {mosquitto.port}\nuser = "logger-main"\npassword_file = "{secret}"\n'
    file.write_text(f'data_dir = "{tmp_path}"\n[broker]\n{table}')
    text = "\n".join(report(await examine([file], account(None)), [file], account(None)))
    assert "does not accept" in text
    assert "never-to-be-seen" not in text


def test_a_machine_that_has_only_the_edges_libraries(tmp_path: Path) -> None:
    (tmp_path / "labwire.db").write_bytes(b"")
    (tmp_path / "bridge.toml").write_text(
        f'data_dir = "{tmp_path}/bridge"\nhistory_db = "labwire.db"\n[broker]\nport = 1\n'
    )
    code = (
        "import sys\nsys.modules['numpy'] = None\n"
        "from labwire.doctor.__main__ import main\nsys.exit(main(['-c', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "this installation has no numpy" in done.stdout
    assert "[broker-down]" in done.stdout
