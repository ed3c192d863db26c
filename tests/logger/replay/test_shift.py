from broker.runtime import boot_ms, new_boot
from logger.replay.shift import Shift

FROM, NOW = 1_795_219_199_000, 1_900_000_000_000


def test_the_beginning_is_now_and_time_runs_as_the_speed_says() -> None:
    shift = Shift(FROM, NOW, 10.0)
    assert shift.ms(FROM) == NOW
    assert shift.ms(FROM + 5000) == NOW + 500
    assert shift.us(FROM * 1000 + 125) == NOW * 1000 + 12
    assert shift.ms(FROM - 5000) == NOW - 500


def test_each_boot_has_one_of_its_own_in_the_same_order_and_each_replay_others() -> None:
    boots = [new_boot(lambda k=k: FROM / 1000 + k) for k in range(3)]  # type: ignore[misc]
    one, two = Shift(FROM, NOW, 1.0, "a"), Shift(FROM, NOW, 1.0, "b")
    shown = [one.boot(b) for b in boots]
    assert shown == sorted(shown)
    assert len({*shown, *boots, *(two.boot(b) for b in boots)}) == 9
    assert boot_ms(shown[1]) == NOW + 1000
    assert one.boot("a-boot-of-another-make") == one.boot("a-boot-of-another-make")
