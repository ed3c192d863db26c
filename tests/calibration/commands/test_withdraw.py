from tests.calibration.commands.bench import Lab


def test_a_withdrawn_record_is_in_force_no_longer(lab: Lab) -> None:
    id_ = lab.furnished().released()
    assert lab("withdraw", id_, "--reason", " ", by="anna") == 2
    assert lab("withdraw", id_, "--reason", "wrong item", by="anna") == 0
    assert lab("show", id_) == 0
    assert "withdrawn   anna (not authenticated)  wrong item" in lab.said
