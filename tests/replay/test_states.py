"""The replay stores as state machines: a server that claims, is restarted, and whose clock steps about.

Two models judge every step. ``Oracle`` is the contract as a list that is read from end to end: each answer
must be its answer. The other is the promise itself, and knows nothing of how a store works: the set of the
requests that a server accepted, over all restarts, of which none may ever be accepted again. It asks as the
verifier does, ``created`` against the clock and against the store's epoch included.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from delegate.clock import ManualClock
from delegate.errors import DelegateError
from delegate.limits import REPLAY_MARGIN, SKEW_DEFAULT
from delegate.replay.memory import MemoryReplayStore
from delegate.replay.sqlite import SQLiteReplayStore
from tests.contracts.claims import START, Claim, Store
from tests.contracts.replay import Oracle

QUOTA: Final = 3
ISSUER_QUOTA: Final = 4
CAPACITY: Final = 6
"""Below what one sweep drops, so that the oracle need not know of sweeps."""

REQUESTS: Final = st.builds(
    Claim,
    nonce=st.sampled_from([b"a" * 16, b"b" * 16, b"c" * 16, b"\xff" * 16]),
    key_id=st.sampled_from(["k1", "k2"]),
    space=st.sampled_from(["s1", "s2"]),
    quota_key=st.sampled_from(["q1", "i 1", "i 2", "i 3"]),
)
SETTINGS: Final = settings(
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


class Sent(NamedTuple):
    """One request, byte for byte the same however often it is sent."""

    claim: Claim
    created: int


class ServerMachine(RuleBasedStateMachine):
    """Derive, and give ``opened``: a store with ``QUOTA``, ``ISSUER_QUOTA`` and ``CAPACITY``."""

    forgets = False
    """Whether a restart loses the records."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = ManualClock(START)
        self.latest = START
        self.epoch = START
        self.sent: list[Sent] = []
        self.accepted: set[Sent] = set()
        self.oracle = Oracle(quota=QUOTA, issuer_quota=ISSUER_QUOTA, capacity=CAPACITY)

    def opened(self, stack: ExitStack) -> Store:
        raise NotImplementedError

    def epoch_after_restart(self) -> int:
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        self.running = self.stack.enter_context(ExitStack())
        self.store = self.opened(self.running)

    def teardown(self) -> None:
        self.stack.close()

    def arrive(self, sent: Sent, deviation: int) -> None:
        """One request at the server, whose reading of the clock may be some seconds old."""
        now, present = self.clock.now() + deviation, self.clock.now()
        if not sent.created - SKEW_DEFAULT <= now < sent.claim.expires_at:
            return  # the verifier refuses before it claims
        expected = self.oracle.code(sent.claim, now, present)
        refused, epoch = "", 0
        try:
            epoch = sent.claim.on(self.store, now)
        except DelegateError as error:
            refused = error.code
        assert refused == expected
        if refused:
            return
        assert epoch == self.epoch
        if sent.created > epoch + SKEW_DEFAULT:
            assert sent not in self.accepted, "a (key, nonce) pair is accepted at most once"
            self.accepted.add(sent)

    @rule(
        claim=REQUESTS,
        ahead=st.integers(-30, SKEW_DEFAULT),
        lifetime=st.integers(1, 300),
        deviation=st.sampled_from([0, 0, -4, 4]),
    )
    def send(self, claim: Claim, ahead: int, lifetime: int, deviation: int) -> None:
        created = self.clock.now() + ahead
        sent = Sent(claim._replace(expires_at=created + lifetime), created)
        self.sent.append(sent)
        self.arrive(sent, deviation)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), deviation=st.sampled_from([0, 0, -4, 4]))
    def send_again(self, data: st.DataObject, deviation: int) -> None:
        self.arrive(data.draw(st.sampled_from(self.sent)), deviation)

    @precondition(lambda self: self.accepted)
    @rule()
    def replay_all_that_was_accepted(self) -> None:
        for sent in sorted(self.accepted):
            self.arrive(sent, 0)

    @rule(seconds=st.one_of(st.integers(0, 20), st.integers(-90, 200)))
    def move_the_clock(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.latest = max(self.latest, self.clock.now())

    @rule(seconds=st.sampled_from([REPLAY_MARGIN, 300 + REPLAY_MARGIN]))
    def leap_and_come_back(self, seconds: int) -> None:
        """The clock is wrong for one request, and is put right."""
        self.move_the_clock(seconds)
        self.arrive(Sent(Claim(nonce=b"leap", expires_at=self.clock.now() + 1), self.clock.now()), 0)
        self.clock.advance(-seconds)

    @rule()
    def catch_up(self) -> None:
        """The clock is where it was at its furthest."""
        self.clock.set(self.latest)

    @precondition(lambda self: not self.forgets or self.clock.now() == self.latest)
    @rule()
    def restart(self) -> None:
        """A store in memory has nothing but the clock to know of what was before."""
        self.running.close()
        self.epoch = self.epoch_after_restart()
        if self.forgets:
            self.oracle = Oracle(quota=QUOTA, issuer_quota=ISSUER_QUOTA, capacity=CAPACITY)
        self.store = self.opened(self.running)


class MemoryMachine(ServerMachine):
    """A process that forgets all with each restart, and whose clock never steps back over one."""

    forgets = True

    def opened(self, stack: ExitStack) -> Store:
        return MemoryReplayStore(
            single_process=True,
            clock=self.clock,
            quota=QUOTA,
            issuer_quota=ISSUER_QUOTA,
            capacity=CAPACITY,
        )

    def epoch_after_restart(self) -> int:
        return self.clock.now()


class SQLiteMachine(ServerMachine):
    """A file, opened again and again."""

    durable = True

    def opened(self, stack: ExitStack) -> Store:
        return stack.enter_context(
            SQLiteReplayStore(
                self.folder / "replay.db",
                clock=self.clock,
                quota=QUOTA,
                issuer_quota=ISSUER_QUOTA,
                capacity=CAPACITY,
                durable=self.durable,
                deadline=30,
            )
        )

    def epoch_after_restart(self) -> int:
        return self.epoch if self.durable else max(self.epoch, self.clock.now())


class FastSQLiteMachine(SQLiteMachine):
    """The same without the wait for the disk: each opening moves the epoch."""

    durable = False


TestMemoryStates = MemoryMachine.TestCase
TestSQLiteStates = SQLiteMachine.TestCase
TestFastSQLiteStates = FastSQLiteMachine.TestCase
TestMemoryStates.settings = TestSQLiteStates.settings = TestFastSQLiteStates.settings = SETTINGS
