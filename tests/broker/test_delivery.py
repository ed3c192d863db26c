"""The resend plan: rules one by one, then a model of an edge, a bad network and a logger that crashes and goes back."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from broker.delivery import MOST_BLOCKS, Delivery, Span
from broker.messages import Hold, Mark
from broker.ranges import Ranges

ROWS = 10  # in a late block of these tests
SIZE = 1000


def hold(next_: int, first: int = 0, boot: str = "b1") -> list[Hold]:
    return [Hold(boot=boot, first=first, next=next_)]


def plan(needs_logger: bool = True) -> Delivery:
    return Delivery(lambda boot, ms: ms, needs_logger=needs_logger)


def ready(next_: int, upto: int = -1, now: float = 0.0, have: list[tuple[int, int]] | None = None) -> Delivery:
    """A plan that is connected to a broker with a logger, and knows its watermark."""
    delivery = plan()
    delivery.connected(now, hold(next_))
    delivery.logger(now, "r1", True, hold(next_))
    delivery.commit(now, "r1", {"b1": Mark(upto=upto, have=have or [])}, 0)
    return delivery


def drain(delivery: Delivery, now: float, held: list[Hold], size: int = SIZE) -> list[Span]:
    """What is sent now, in blocks of ROWS."""
    spans = []
    while (span := delivery.next(now, held)) is not None:
        end = min(span.end, span.first + ROWS)
        delivery.sent(now, span.boot, span.first, end, size)
        spans.append(Span(span.boot, span.first, end))
    return spans


# --- when -------------------------------------------------------------------------------------------------------------


def test_sends_from_the_watermark_after_connecting() -> None:
    delivery = ready(30, upto=9)

    assert drain(delivery, 0, hold(30)) == [Span("b1", 10, 20), Span("b1", 20, 30)]


def test_sends_nothing_that_was_made_after_connecting() -> None:
    delivery = ready(30, upto=29)

    assert drain(delivery, 0, hold(500)) == []


def test_waits_for_the_watermark_of_the_present_run() -> None:
    delivery = plan()
    delivery.connected(0, hold(30))
    delivery.logger(0, "r2", True, hold(30))
    delivery.commit(0, "r1", {"b1": Mark(upto=29)}, 0)
    assert drain(delivery, 100, hold(30)) == []

    delivery.commit(100, "r2", {"b1": Mark(upto=19)}, 0)

    assert drain(delivery, 100, hold(30)) == [Span("b1", 20, 30)]


def test_the_commit_may_come_before_the_status_of_its_run() -> None:
    delivery = plan()
    delivery.connected(0, hold(30))
    delivery.commit(0, "r1", {"b1": Mark(upto=19)}, 0)
    delivery.logger(0, "r1", True, hold(30))

    assert drain(delivery, 0, hold(30)) == [Span("b1", 20, 30)]
    assert delivery.watermark("b1") == 20


def test_sends_nothing_while_the_logger_is_away_or_holding() -> None:
    delivery = ready(30)
    delivery.logger(0, "r1", False, hold(30))
    assert drain(delivery, 1000, hold(30)) == []

    delivery.logger(1000, "r1", True, hold(30))

    assert len(drain(delivery, 1000, hold(30))) == 3


def test_skips_what_is_stored_beyond_the_watermark() -> None:
    delivery = ready(50, upto=4, have=[(10, 29), (35, 39)])

    assert drain(delivery, 0, hold(50)) == [Span("b1", 5, 10), Span("b1", 30, 35), Span("b1", 40, 50)]


def test_respects_want_since() -> None:
    delivery = plan()
    delivery.connected(0, hold(50))
    delivery.logger(0, "r1", True, hold(50))
    delivery.commit(0, "r1", {"b1": Mark(upto=-1)}, 30)  # in these tests the record with number n was made at n ms

    assert drain(delivery, 0, hold(50)) == [Span("b1", 30, 40), Span("b1", 40, 50)]
    delivery.commit(1, "r1", {"b1": Mark(upto=-1, have=[(30, 49)])}, 30)
    assert delivery.watermarks() == {"b1": (50, 30)}  # the hold says that nothing before 30 will come
    delivery.request("b1", 0, 30)
    assert drain(delivery, 10_000, hold(50)) == []
    delivery.commit(2, "r1", {"b1": Mark(upto=49)}, 30)
    assert delivery.watermarks() == {"b1": (50, 0)}


def test_a_new_run_of_the_logger_is_answered_from_its_own_watermark() -> None:
    delivery = ready(30, upto=29)
    delivery.logger(5, "r2", True, hold(40))
    assert drain(delivery, 5, hold(40)) == []

    delivery.commit(6, "r2", {"b1": Mark(upto=9)}, 0)

    assert drain(delivery, 6, hold(45))[0] == Span("b1", 10, 20)
    assert drain(delivery, 6, hold(45)) == []


def test_a_watermark_that_goes_back_wants_the_rows_again() -> None:
    delivery = ready(30, upto=29)

    delivery.commit(1, "r1", {"b1": Mark(upto=14)}, 0)

    assert delivery.watermark("b1") == 15
    assert drain(delivery, 1, hold(30)) == [Span("b1", 15, 25), Span("b1", 25, 30)]


def test_a_request_is_answered_within_what_is_here() -> None:
    delivery = ready(30, upto=9, have=[(20, 29)])
    drain(delivery, 0, hold(30, first=5))
    delivery.commit(0, "r1", {"b1": Mark(upto=29)}, 0)
    delivery.request("b1", 0, 30)
    assert drain(delivery, 0, hold(30, first=5)) == []  # it has them all

    delivery.commit(0, "r1", {"b1": Mark(upto=-1, have=[(12, 29)])}, 0)

    assert drain(delivery, 0, hold(30, first=5)) == [Span("b1", 5, 12)]


def test_what_could_not_be_published_is_sent_again() -> None:
    delivery = ready(30, upto=29)

    delivery.failed("b1", 33, 34)

    assert drain(delivery, 1, hold(40)) == [Span("b1", 33, 34)]


def test_boots_go_oldest_first() -> None:
    held = [Hold(boot="b0", first=0, next=10), Hold(boot="b1", first=0, next=10)]
    delivery = plan()
    delivery.connected(0, held)
    delivery.logger(0, "r1", True, held)
    delivery.commit(0, "r1", {"b1": Mark(upto=-1), "b0": Mark(upto=3)}, 0)

    assert drain(delivery, 0, held) == [Span("b0", 4, 10), Span("b1", 0, 10)]


# --- how much ---------------------------------------------------------------------------------------------------------


def test_at_most_four_blocks_are_under_way_and_a_commit_lets_the_next_go() -> None:
    delivery = ready(1000)
    assert len(drain(delivery, 0, hold(1000))) == MOST_BLOCKS

    delivery.commit(1, "r1", {"b1": Mark(upto=19)}, 0)

    assert drain(delivery, 1, hold(1000)) == [Span("b1", 40, 50), Span("b1", 50, 60)]


def test_at_most_256_kib_are_under_way() -> None:
    assert len(drain(ready(1000), 0, hold(1000), size=130 * 1024)) == 2


def test_without_progress_the_same_blocks_go_again_after_5_s_doubling_to_60() -> None:
    delivery = ready(1000)
    sent_at = [now for now in range(400) if drain(delivery, now, hold(1000))]

    assert sent_at == [0, 5, 15, 35, 75, 135, 195, 255, 315, 375]
    assert delivery.next(400, hold(1000)) is None


def test_progress_shortens_the_wait_again() -> None:
    delivery = ready(1000)
    for now in range(36):
        drain(delivery, now, hold(1000))
    delivery.commit(40, "r1", {"b1": Mark(upto=0)}, 0)

    assert not drain(delivery, 44.9, hold(1000))
    assert drain(delivery, 45, hold(1000))[0] == Span("b1", 1, 11)


def test_a_live_tail_that_stays_unstored_goes_again_with_backoff() -> None:
    delivery = ready(10, upto=9)
    sent = {now: spans for now in range(1000) if (spans := drain(delivery, now, hold(10 + now // 10)))}

    assert min(sent) == 120  # the first look at 60 s compares with a moment when everything was stored
    assert sent[120] == [Span("b1", 10, 16)]
    assert len(sent) < 20


def test_a_tail_is_left_alone_while_the_watermark_moves() -> None:
    delivery = ready(1000, upto=999)
    for now in range(1000):
        delivery.commit(now, "r1", {"b1": Mark(upto=999 + now)}, 0)
        assert drain(delivery, now, hold(3000 + 2 * now)) == []


def test_what_is_gone_is_not_asked_for_again() -> None:
    delivery = ready(10)
    assert delivery.next(0, hold(10)) == Span("b1", 0, 10)
    delivery.gone("b1", 0, 5)

    assert drain(delivery, 0, hold(10)) == [Span("b1", 5, 10)]


# --- nobody stores ----------------------------------------------------------------------------------------------------


def test_without_a_logger_the_broker_acknowledgement_is_the_watermark() -> None:
    delivery = plan(needs_logger=False)
    delivery.connected(0, hold(0))
    for seq in (0, 1, 3):
        delivery.acked(0, "b1", seq, seq + 1)
    delivery.failed("b1", 2, 3)
    assert delivery.watermark("b1") == 2

    assert drain(delivery, 0, hold(4)) == [Span("b1", 2, 3)]
    delivery.acked(0, "b1", 2, 3)

    assert delivery.watermark("b1") == 4


def test_without_a_logger_a_lost_beginning_does_not_hold_the_watermark() -> None:
    delivery = plan(needs_logger=False)
    delivery.connected(0, hold(20, first=10))
    assert drain(delivery, 0, hold(20, first=10)) == [Span("b1", 10, 20)]

    delivery.acked(0, "b1", 10, 20)

    assert delivery.watermark("b1") == 20


# --- the model --------------------------------------------------------------------------------------------------------


@dataclass
class Logger:
    """Stores what arrives; a crash loses what is not committed, a restore goes back to an older store."""

    run: int = 1
    stored: dict[str, Ranges] = field(default_factory=dict)
    pending: list[Span] = field(default_factory=list)
    backup: dict[str, Ranges] = field(default_factory=dict)
    alive: bool = True
    holding: bool = False
    doubles: int = 0

    def commit(self) -> None:
        for span in self.pending:
            self.stored.setdefault(span.boot, Ranges()).add(span.first, span.end)
        self.pending.clear()

    def marks(self, held: list[Hold]) -> dict[str, Mark]:
        found = {}
        for h in held:
            known = Ranges(self.stored.get(h.boot, Ranges()))
            known.add(0, h.first)
            end = known.end_of(0) or 0
            known.remove(0, end)
            found[h.boot] = Mark(upto=end - 1, have=[(a, b - 1) for a, b in known])
        return found

    def restart(self, restored: bool) -> None:
        self.pending.clear()
        self.run += 1
        self.alive = True
        if restored:
            self.stored = {boot: Ranges(r) for boot, r in self.backup.items()}


class World:
    """An edge, a network that loses and doubles, a logger."""

    def __init__(self) -> None:
        self.now = 0.0
        self.boot = 0
        self.made: dict[str, int] = {"b0": 0}
        self.logger = Logger()
        self.link = False
        self.delivery = plan()
        self.late = 0
        self.live_mode = "arrives"
        self.doubled = False

    def held(self) -> list[Hold]:
        return [Hold(boot=b, first=0, next=n) for b, n in sorted(self.made.items())]

    def make(self, rows: int) -> None:
        boot = f"b{self.boot}"
        for _ in range(rows):
            seq = self.made[boot]
            self.made[boot] += 1
            if self.link and self.live_mode == "refused":
                self.delivery.failed(boot, seq, seq + 1)
            elif self.link and self.live_mode == "arrives":
                self.arrive(Span(boot, seq, seq + 1))

    def arrive(self, span: Span) -> None:
        for _ in range(1 + self.doubled):
            if self.logger.alive and not self.logger.holding:
                self.logger.pending.append(span)

    def connect(self) -> None:
        if not self.link:
            self.link = True
            self.delivery.connected(self.now, self.held())
            self.tell_logger()

    def disconnect(self) -> None:
        self.link = False
        self.delivery.disconnected()

    def restart_edge(self) -> None:
        self.boot += 1
        self.made[f"b{self.boot}"] = 0
        self.delivery, self.link = plan(), False

    def tell_logger(self) -> None:
        if self.link:
            ok = self.logger.alive and not self.logger.holding
            self.delivery.logger(self.now, f"r{self.logger.run}", ok, self.held())

    def tell_commit(self) -> None:
        if self.link and self.logger.alive:
            self.delivery.commit(self.now, f"r{self.logger.run}", self.logger.marks(self.held()), 0)

    def step(self, seconds: float, lossy: bool = False) -> None:
        self.now += seconds
        while self.link and (span := self.delivery.next(self.now, self.held())) is not None:
            end = min(span.end, span.first + ROWS)
            self.delivery.sent(self.now, span.boot, span.first, end, SIZE)
            self.late += 1
            if not lossy:
                self.arrive(Span(span.boot, span.first, end))

    def complete(self) -> bool:
        return all(self.logger.stored.get(b, Ranges()) == Ranges([(0, n)]) for b, n in self.made.items())


actions = st.one_of(
    st.tuples(st.just("make"), st.integers(1, 60)),
    st.tuples(st.just("live"), st.sampled_from(["arrives", "lost", "refused"])),
    st.tuples(st.just("link"), st.booleans()),
    st.tuples(st.just("logger"), st.sampled_from(["crash", "restart", "restore", "hold", "go on", "commit", "backup"])),
    st.tuples(st.just("edge"), st.just("restart")),
    st.tuples(st.just("doubled"), st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 100)),
    st.tuples(st.just("lossy"), st.integers(1, 20)),
)


def act(world: World, what: str, how: object) -> None:
    match what, how:
        case "make", int(rows):
            world.make(rows)
        case "live", str(mode):
            world.live_mode = mode
        case "link", up:
            (world.connect if up else world.disconnect)()
        case "logger", str(kind):
            act_logger(world, kind)
        case "edge", _:
            world.restart_edge()
        case "doubled", flag:
            world.doubled = bool(flag)
        case ("wait" | "lossy") as kind, int(seconds):
            world.step(seconds, lossy=kind == "lossy")


def act_logger(world: World, kind: str) -> None:
    logger = world.logger
    match kind:
        case "crash":
            logger.alive = False
            logger.pending.clear()
        case "restart" | "restore":
            logger.restart(kind == "restore")
        case "hold" | "go on":
            logger.holding = kind == "hold"
        case "commit":
            logger.commit()
        case "backup":
            logger.backup = {boot: Ranges(r) for boot, r in logger.stored.items()}
    world.tell_logger()
    if kind in ("restart", "restore", "commit"):
        world.tell_commit()


@settings(max_examples=300)
@given(st.lists(actions, max_size=40))
def test_whatever_happens_everything_is_stored_in_the_end_and_nothing_floods(script: list[tuple[str, object]]) -> None:
    world = World()
    for what, how in script:
        act(world, what, how)
        world.step(0)

    world.late = 0
    world.logger.holding = False
    world.logger.alive = True
    world.live_mode = "arrives"
    world.connect()
    world.tell_logger()
    for _ in range(600):
        world.step(1)
        world.logger.commit()
        world.tell_commit()

    rows = sum(world.made.values())
    assert world.complete()
    assert world.late <= 2 * (rows / ROWS + 4 * len(world.made)) + 8
    before = world.late
    for _ in range(300):
        world.step(10)
        world.tell_commit()
    assert world.late == before


@settings(max_examples=100)
@given(st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=20))
def test_a_logger_that_takes_everything_and_stores_nothing_is_not_flooded(next_: int, refused: list[int]) -> None:
    delivery = ready(next_)
    for seq in refused:
        delivery.failed("b1", seq, seq + 1)

    sent = [span for now in range(3600) for span in drain(delivery, now, hold(3001))]

    assert len(sent) <= MOST_BLOCKS * (4 + 3600 // 60)
