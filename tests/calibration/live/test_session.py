"""`labwire cal run` as a person and a script use it, without a broker: typed, over stored samples, left and resumed."""

import asyncio
import math
import os
import random
import subprocess
import sys
from pathlib import Path

from calibration.record import Record
from calibration.register import Register
from tests.calibration.live.bench import T0, small
from tests.calibration.live.lab import register

TYPED = small("min_nu = 9", "min_nu = 5")


async def run(folder: Path, *args: str, lines: list[str] | None = None) -> tuple[int, str, str]:
    """Exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "labwire", "cal", "run", *args, "--dir", str(folder / "cal"), "--by", "anna",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    given = "".join(f"{line}\n" for line in lines or [])
    out, err = await process.communicate(given.encode())
    return process.returncode or 0, out.decode(), err.decode()


def prepared(folder: Path, text: str) -> Register:
    (folder / "p.toml").write_text(text)
    return register(folder / "cal")


def typed(folder: Path) -> list[str]:
    return [
        str(folder / "p.toml"), "--item", "manual", "--item-id", "pt-7", "--reference", "manual", "--standard", "ref1",
    ]  # fmt: skip


POINTS = [line for x in (20, 40, 60) for line in ("n", *[f"{x}.00 {x}.06{k}" for k in (1, 2, 3)], "a")]
REST = ["yes", "n", "n", "30,00 30,061", "30.00 30.062", "30.00 30.063", "a", "21.6", ""]


async def test_typed_lines_come_to_a_record(tmp_path: Path) -> None:
    made = prepared(tmp_path, TYPED)
    code, out, err = await run(tmp_path, *typed(tmp_path), lines=["21,4", "n", *POINTS, *REST])
    assert (code, err) == (0, "")
    (record,) = made.records()
    assert f"record {record.id} is performed; next: labwire cal review {record.id}" in out
    assert [r.I for r in record.as_found.points[0].readings] == ["20.061", "20.062", "20.063"]  # type: ignore[union-attr]
    assert record.environment["temperature"].mean == "21.5"
    assert "pass" in out


async def test_a_script_that_is_refused_stops_and_the_run_stays(tmp_path: Path) -> None:
    made = prepared(tmp_path, TYPED)
    code, _, err = await run(tmp_path, *typed(tmp_path), lines=["21.4", "n", "n", "20.00 20.061", "spam spam", "20 20"])
    assert code == 2
    assert "'spam' is not a number" in err
    (file,) = (made.folder / "runs").glob("*.json")
    assert f"labwire cal run --resume {file.stem}" in err
    left = [*POINTS[2:5], *POINTS[5:], *REST]
    code, _, err = await run(tmp_path, "--resume", file.stem, lines=left)
    assert (code, err) == (0, "")
    assert [r.I for r in made.records()[0].as_found.points[0].readings] == ["20.061", "20.062", "20.063"]  # type: ignore[union-attr]


async def test_at_the_end_of_the_lines_it_says_what_is_missing(tmp_path: Path) -> None:
    prepared(tmp_path, TYPED)
    code, _, err = await run(tmp_path, *typed(tmp_path))
    assert code == 2
    assert "--answer temperature-begin=… (temperature of the room)" in err


def stored(folder: Path, targets: tuple[int, ...] = (20, 40, 60, 30)) -> Path:
    rng, t, value = random.Random(5), T0, 20.0  # noqa: S311 - noise, not secrets
    lines = ["time,item,reference,temperature"]
    for target in targets:
        for _ in range(500):
            t += 1
            value = target + (value - target) * math.exp(-1 / 30)
            wobble = rng.gauss(0, 0.002)
            lines.append(f"{t:.1f},{value + wobble + 0.05:.3f},{value + wobble:.4f},{21.5 + rng.gauss(0, 0.01):.2f}")
    path = folder / "data.csv"
    path.write_text("\n".join(lines))
    return path


def live(folder: Path) -> list[str]:
    return [str(folder / "p.toml"), "--item", "lab/bath1/pt100", "--reference", "lab/ref1/temp"]


async def test_stored_samples_come_to_the_same_record_again(tmp_path: Path) -> None:
    made = prepared(tmp_path, small())
    file = stored(tmp_path)
    for _ in range(2):
        code, _, err = await run(tmp_path, *live(tmp_path), "--replay", str(file))
        assert (code, err) == (0, "")
    one, other = made.records()
    assert measured(one) == measured(other)
    assert [p.nominal for p in one.as_found.points] == ["20", "40", "60"]  # type: ignore[union-attr]
    assert one.begin == "2026-11-21T00:00:01Z"
    assert len(one.answers["stored samples, SHA-256"]) == 64


def measured(record: Record) -> object:
    return record.as_found, record.as_left, record.environment, record.answers, record.begin, record.end


async def test_stored_samples_that_end_too_early_are_no_record(tmp_path: Path) -> None:
    made = prepared(tmp_path, small())
    code, _, err = await run(tmp_path, *live(tmp_path), "--replay", str(stored(tmp_path, (20, 40))))
    assert code == 2
    assert "the samples end before this was done: 60 °C, up" in err
    assert made.records() == []


async def test_what_cannot_begin_is_one_sentence(tmp_path: Path) -> None:
    prepared(tmp_path, small())
    for args, why in (
        (live(tmp_path)[:1], "a run needs a procedure, --item and --reference"),
        ([*typed(tmp_path), "--answer", "spam"], "is not KEY=VALUE"),
        (["--resume", "spam"], "there is no run spam"),
        ([*live(tmp_path), "--replay", "spam.csv"], "spam.csv cannot be read"),
    ):
        code, out, err = await run(tmp_path, *args)
        assert (code, out) == (2, "")
        assert why in err
        assert err.count("\n") == 1
