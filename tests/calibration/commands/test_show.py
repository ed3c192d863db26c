import json

from calibration.record import read
from tests.calibration.commands.bench import Lab


def test_a_record_with_its_life_and_results(lab: Lab) -> None:
    id_ = lab.furnished().released()
    assert lab("show", id_) == 0
    for part in (
        f"{id_} revision 1, released",
        "performed   bert (not authenticated)",
        "r1-certificate.pdf",
        "as found",
    ):
        assert part in lab.said
    assert lab("show", id_, "--json") == 0
    assert read(lab.said.strip()).id == json.loads(lab.said)["id"] == id_
    assert lab("show", "K-1") == 2
    assert lab("show", id_, "--rev", "2") == 2
