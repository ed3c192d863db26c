from pathlib import Path

import msgspec
import pytest

from calibration import record as records
from calibration.record import Change, advance, amend
from calibration.register import RegisterError
from tests.calibration.register.bench import ANNA, BERT, CARL, draft, performed, register, reviewed


def test_a_draft_may_change_and_every_version_stays(tmp_path: Path) -> None:
    made = register(tmp_path)
    first = draft(made)
    made.save(first, "draft", ANNA)
    second = msgspec.structs.replace(first, customer="Lab 2")
    made.save(second, "draft", ANNA)
    kept = made.folder / "records" / first.id / "kept" / f"{records.sha256(first)}.json"
    assert kept.read_bytes() == records.write(first)
    assert made.record(first.id) == second


def test_what_was_performed_is_not_written_over(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = performed(made)
    for changed in (
        msgspec.structs.replace(done, customer="Lab 2"),
        msgspec.structs.replace(done, as_found=draft(made).as_found, as_left=draft(made).as_found),
    ):
        with pytest.raises(RegisterError, match="never written over"):
            made.save(changed, "performed", ANNA)


def test_what_happened_cannot_be_taken_back(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = reviewed(made)
    with pytest.raises(RegisterError, match="cannot be taken back"):
        made.save(msgspec.structs.replace(done, history=done.history[1:]), "reviewed", ANNA)
    with pytest.raises(RegisterError, match="reviewed and cannot become draft"):
        made.save(msgspec.structs.replace(done, state="draft"), "draft", ANNA)


def test_a_release_by_somebody_unknown_is_not_kept(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = reviewed(made)
    forged = msgspec.structs.replace(done, state="released", history=[*done.history, Change(state="released", by=CARL)])
    with pytest.raises(RegisterError, match="not released by an authenticated name"):
        made.save(forged, "released", CARL)


def test_revisions_follow_each_other(tmp_path: Path) -> None:
    made = register(tmp_path)
    first = performed(made)
    second = amend(first, ANNA, "serial")
    with pytest.raises(RegisterError, match="does not name the revision before"):
        made.save(msgspec.structs.replace(second, replaces="0" * 64), "amended", ANNA)
    with pytest.raises(RegisterError, match="the next revision of K-2026-0001 is 2, not 3"):
        made.save(amend(second, ANNA, "again"), "amended", ANNA)
    made.save(second, "amended", ANNA)
    assert made.record(first.id).rev == 2
    assert made.records() == [second]


def test_the_procedure_is_kept_and_named_by_its_hash(tmp_path: Path) -> None:
    made = register(tmp_path)
    done = advance(draft(made), "performed", BERT)
    for sha, says in (("", "does not say by its hash"), ("0" * 64, "cannot be read")):
        wrong = msgspec.structs.replace(done, procedure=msgspec.structs.replace(done.procedure, sha256=sha))
        with pytest.raises(RegisterError, match=says):
            made.save(wrong, "performed", BERT)
    other = msgspec.structs.replace(done, procedure=msgspec.structs.replace(done.procedure, id="P-2"))
    with pytest.raises(RegisterError, match="names another procedure"):
        made.save(other, "performed", BERT)
