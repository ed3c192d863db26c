from tests.calibration.commands.bench import Lab


def test_records_in_columns(lab: Lab) -> None:
    lab.furnished()
    first, second = lab.released(), lab.entered()
    assert lab("list") == 0
    assert [line.split()[:2] for line in lab.said.splitlines()[1:]] == [[first, "1"], [second, "1"]]
    assert "bert (not authenticated)" in lab.said
    lab("list", "--state", "released")
    assert second not in lab.said
    lab("list", "--item", "other")
    assert len(lab.said.splitlines()) == 1
