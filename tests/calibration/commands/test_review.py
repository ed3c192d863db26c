from tests.calibration.commands.bench import Lab


def test_reviewed_and_sent_back(lab: Lab) -> None:
    id_ = lab.furnished().entered()
    assert lab("review", id_, by="anna") == 0
    assert "is reviewed" in lab.said
    assert lab("review", id_, by="anna") == 2
    assert lab("review", id_, "--back", "--reason", "point 20", by="anna") == 0
    assert "is performed" in lab.said
    assert lab("review", id_, "--back", by="anna") == 0
    assert lab.register().record(id_).state == "draft"
