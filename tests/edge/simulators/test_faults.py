import random

from edge.simulators.faults import garble


def test_garbage_is_other_bytes_with_and_without_an_end() -> None:
    rng = random.Random(1)  # noqa: S311
    lines = [garble(b"S S   1.0 g", b"\r\n", rng) for _ in range(50)]

    assert b"S S   1.0 g" not in b"".join(lines)
    assert 5 < sum(line.endswith(b"\r\n") for line in lines) < 45
