from pathlib import Path

import pytest

from logger.__main__ import main
from tests.logger.influx.conftest import Bucket
from tests.logger.support import T_MS, block, open_store, write


def configured(folder: Path, bucket: Bucket, /, **change: str) -> str:
    table = {"url": bucket.server.url, "org": bucket.server.org, "bucket": bucket.name, "token": bucket.server.token}
    lines = "\n".join(f'{key} = "{value}"' for key, value in (table | change).items())
    (folder / "logger.toml").write_text(f'data_dir = "."\n[influx]\n{lines}\n')
    return str(folder / "logger.toml")


def test_init_says_what_it_did_and_that_it_is_done(
    tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configured(tmp_path, bucket)

    assert main(["init-influx", "-c", file]) == 0
    assert f"bucket {bucket.name}_1m: made" in capsys.readouterr().out
    assert main(["init-influx", "-c", file]) == 0
    assert "made" not in capsys.readouterr().out


def test_backfill_brings_the_history_and_its_minutes(
    tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configured(tmp_path, bucket)
    store = open_store(tmp_path)
    write(store, *[block(k * 100, 100) for k in range(5)])
    assert main(["init-influx", "-c", file]) == 0
    when = ["--from", "2026-11-20T00:00Z", "--to", "2026-11-22T00:00Z"]

    assert main(["backfill-influx", "-c", file, *when]) == 0

    out = capsys.readouterr().out
    assert "oven1: 500 rows" in out
    assert "500 points written, 0 set aside" in out
    assert bucket.server.counts(bucket.name) == {"temp": 500}
    assert bucket.server.counts(f"{bucket.name}_1m")["temp_count"] == len({(T_MS + k) // 60_000 for k in range(500)})
    assert bucket.server.counts(f"{bucket.name}_1h")["temp_max"] >= 1


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"token": "wrong"}, 1, "influx.token is not accepted"),
        ({"bucket": "none-such"}, 1, "make the bucket with 'labwire logger init-influx'"),
    ],
)
def test_what_a_person_must_mend_is_said_at_once(
    tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str], change: dict[str, str], code: int, said: str
) -> None:
    write(open_store(tmp_path), block(0, 5))

    assert (
        main(["backfill-influx", "-c", configured(tmp_path, bucket, **change), "--from", "2026-11-01T00:00Z"]) == code
    )
    assert said in capsys.readouterr().err


def test_without_a_table_influx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logger.toml").write_text('data_dir = "."\n')

    assert main(["init-influx", "-c", str(tmp_path / "logger.toml")]) == 2
    assert "has no table [influx]" in capsys.readouterr().err


def test_a_time_that_is_none(tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backfill-influx", "-c", configured(tmp_path, bucket), "--from", "teatime"]) == 2
    assert "'teatime' is no time" in capsys.readouterr().err


def test_no_server_is_one_sentence(tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init-influx", "-c", configured(tmp_path, bucket, url="http://127.0.0.1:9")]) == 1
    assert "http://127.0.0.1:9 does not answer" in capsys.readouterr().err
