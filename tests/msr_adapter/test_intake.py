"""Frames on their way to the instruments, and what is said when they stay out or make no sense."""

from array import array

from msr_adapter.catalog import Catalog
from msr_adapter.intake import Intake
from msr_adapter.member import Member
from msr_adapter.plan import plan
from msr_adapter.wire import Data
from msr_adapter.wire.samples import to_base64
from tests.msr_adapter.support import Recorder, instrument
from tests.msr_adapter.test_plan import signal

OFFER = Catalog((signal("/a", index=4), signal("/b", 10.0, task=1, index=5)), ())


def intake(text: str = 'signals = ["**"]') -> tuple[Intake, Member, Recorder]:
    out = Recorder()
    table = instrument(text)
    member = Member(table, out)
    (planned,) = plan([table], OFFER)
    member.plan(planned, "app 1")
    return Intake((s, member) for s in planned.streams), member, out


def frame(group: int, index: int, *t_ns: int) -> Data:
    return Data(array("Q", t_ns), ((index, to_base64(bytes(8 * len(t_ns)))),), group)


async def test_a_frame_goes_to_the_stream_of_its_group() -> None:
    lanes, _, out = intake()
    lanes.take(frame(0, 4, 1_000_000, 2_000_000))
    lanes.take(frame(1, 5, 3_000_000))
    lanes.take(frame(9, 4, 4_000_000))  # of a subscription that is over

    assert [r.t_us for r in out.rows["a"]] == [1000, 2000]
    assert [r.t_us for r in out.rows["b"]] == [3000]
    assert (out.blocks, out.samples) == ([2], 1)
    assert lanes.last_ns == 3_000_000


async def test_samples_that_stay_out_are_said_until_they_come_again() -> None:
    lanes, _, out = intake()
    lane = lanes.lanes[0]
    lanes.watch(lane.heard + 60)  # they are not all subscribed yet
    assert out.state == "online"
    lanes.expect()
    lanes.watch(lane.heard + 4)
    assert out.state == "online"
    lanes.watch(lane.heard + 6)
    assert out.states[-1] == ("degraded", "the server answers, but sends no samples")
    lanes.take(frame(0, 4, 10**9))
    lanes.take(frame(1, 5, 10**9))
    lanes.watch(max(lane.heard for lane in lanes.lanes.values()))
    assert out.state == "online"


async def test_a_frame_that_cannot_be_read_is_counted_and_said() -> None:
    lanes, _, out = intake()
    lanes.take(Data(array("Q", [1, 2]), ((4, b"AAAA"),), 0))

    assert out.state == "degraded"
    assert out.reason.startswith("2 samples could not be read, the last because: ")
    assert out.rows == {}


async def test_a_description_too_long_for_a_message_is_said() -> None:
    out = Recorder()
    table = instrument('signals = ["**"]')
    offer = Catalog(tuple(signal(f"/{'x' * 200}/{k}", index=k) for k in range(3000)), ())
    Member(table, out).plan(plan([table], offer)[0], "")

    assert "too many for a message: make it two instruments" in out.reason
