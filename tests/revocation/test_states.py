"""Revocation as a state machine: lists come in any order, grow old, come back, and servers restart.

The model keeps for each issuer the highest version with its bytes, and the list in force, and says by the
design's own sentences what may be accepted and what is current.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from delegate.clock import ManualClock
from delegate.errors import DelegateError, RevocationUnavailableError
from delegate.keys import SigningKey, TrustStore
from delegate.limits import SKEW_DEFAULT
from delegate.revocation import MemoryVersions, RevocationList, Revocations, VersionStore
from delegate.revocation.sqlite import SQLiteVersions
from tests.support.forge import NOW, chain
from tests.support.revocation import REVOKER, demanding, revoking_record

STALENESS: Final = 120
OTHER: Final = SigningKey.from_seed(b"\x78" * 32)
SIGNERS: Final = {"acme": REVOKER, "other": OTHER}
ISSUERS: Final = st.sampled_from(sorted(SIGNERS))
TOKEN_IDS: Final = [chain(length).token_id for length in (1, 2, 3)]


def two_issuers() -> TrustStore:
    """``acme``, and ``other`` with a key of its own for revoking."""
    acme = demanding()
    (issuer,) = acme.snapshot
    other = replace(issuer, name="other", keys=(revoking_record(OTHER),))
    return TrustStore([issuer, other])


class IssuersMachine(RuleBasedStateMachine):
    """Two issuers that publish, and a server that may restart; derive, and give ``opened``."""

    remembers = True
    """Whether versions outlive a restart."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = ManualClock(NOW)
        self.trust = two_issuers()
        self.repudiated: set[str] = set()
        self.published: list[bytes] = []
        self.highest: dict[str, RevocationList] = {}
        self.in_force: dict[str, RevocationList] = {}

    def opened(self, stack: ExitStack) -> VersionStore:
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        self.running = self.stack.enter_context(ExitStack())
        self.revocations = Revocations(
            self.trust,
            versions=self.opened(self.running),
            max_staleness=STALENESS,
            clock=self.clock,
        )

    def teardown(self) -> None:
        self.stack.close()

    def refusal(self, found: RevocationList) -> str:
        """What must be said to a list that arrives now; "" where it must be accepted."""
        if found.issuer in self.repudiated:
            return "key_revoked"
        if found.issued_at > self.clock.now() + SKEW_DEFAULT:
            return "created_in_future"
        highest = self.highest.get(found.issuer)
        if highest is not None and (found.version < highest.version or _differs(found, highest)):
            return "revocation_unavailable"
        return ""

    def arrive(self, data: bytes) -> None:
        """ "Lower, or equal with other bytes, is refused", and what is refused changes nothing."""
        signer = next(key for key in SIGNERS.values() if key.key_id.encode() in data)
        found = RevocationList.read(data, signer.public_key)
        expected = self.refusal(found)
        refused, accepted = "", None
        try:
            accepted = self.revocations.accept(data)
        except DelegateError as error:
            refused = error.code
        assert refused == expected
        if refused:
            return
        assert accepted == found
        self.highest[found.issuer] = self.in_force[found.issuer] = found

    @rule(
        issuer=ISSUERS,
        version=st.integers(1, 6),
        age=st.integers(-10, 150),
        promise=st.integers(1, 200),
        tokens=st.sets(st.sampled_from(TOKEN_IDS)),
    )
    def publish(self, issuer: str, version: int, age: int, promise: int, tokens: set[str]) -> None:
        data = RevocationList.sign(
            SIGNERS[issuer],
            issuer=issuer,
            version=version,
            tokens=tokens,
            next_update_in=promise,
            clock=ManualClock(self.clock.now() - age),
        )
        self.published.append(data)
        self.arrive(data)

    @precondition(lambda self: self.published)
    @rule(data=st.data())
    def serve_an_old_one_again(self, data: st.DataObject) -> None:
        self.arrive(data.draw(st.sampled_from(self.published)))

    @rule(seconds=st.one_of(st.integers(0, 40), st.integers(-30, STALENESS)))
    def move_the_clock(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(issuer=ISSUERS)
    def repudiate(self, issuer: str) -> None:
        """ "A key that is repudiated takes its list with it." """
        self.repudiated.add(issuer)
        self._trust_again()

    @rule()
    def trust_all_again(self) -> None:
        self.repudiated.clear()
        self._trust_again()

    def _trust_again(self) -> None:
        snapshot = two_issuers().snapshot
        for issuer in self.repudiated:
            snapshot = snapshot.repudiate(SIGNERS[issuer].key_id)
        self.trust.replace(snapshot)

    @rule()
    def restart(self) -> None:
        """Lists are in memory alone: until one arrives again, every question is refused."""
        self.running.close()
        self.in_force.clear()
        if not self.remembers:
            self.highest.clear()
        self.start()

    @rule(issuer=st.sampled_from([*sorted(SIGNERS), "stranger"]), deviation=st.integers(-3, 3))
    def ask(self, issuer: str, deviation: int) -> None:
        """ "Older than the staleness bound or absent" is refused; nothing else is current but the last."""
        now = self.clock.now() + deviation
        found = self.in_force.get(issuer)
        good = (
            found is not None
            and issuer not in self.repudiated
            and found.issued_at - SKEW_DEFAULT <= now < found.issued_at + STALENESS
            and now < found.next_update
        )
        try:
            current = self.revocations.current(issuer, now=now)
        except RevocationUnavailableError:
            assert not good
        else:
            assert good
            assert current == found


def _differs(found: RevocationList, highest: RevocationList) -> bool:
    return found.version == highest.version and found.payload != highest.payload


class MemoryMachine(IssuersMachine):
    """Versions that die with the process."""

    remembers = False

    def opened(self, stack: ExitStack) -> VersionStore:
        return MemoryVersions()


class SQLiteMachine(IssuersMachine):
    """Versions in a file: no restart lets an older list in."""

    def opened(self, stack: ExitStack) -> VersionStore:
        return stack.enter_context(SQLiteVersions(self.folder / "versions.db", deadline=30))


TestMemoryStates = MemoryMachine.TestCase
TestSQLiteStates = SQLiteMachine.TestCase
TestMemoryStates.settings = TestSQLiteStates.settings = settings(
    max_examples=80, stateful_step_count=50, deadline=None, derandomize=True
)
