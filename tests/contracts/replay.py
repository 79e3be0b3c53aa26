"""What every replay store must do, whatever it is made of.

A backend derives a ``Test…`` class from ``ReplayStoreContract`` and says in ``opened`` how it is opened.
``Oracle`` is the contract once more, slow and obvious.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delegate.clock import Clock, ManualClock
from delegate.errors import (
    ConfigurationError,
    ExpiredError,
    NonceReplayedError,
    ReplayCapacityError,
    ReplayUnknownError,
)
from delegate.limits import REPLAY_MARGIN, REPLAY_SWEEP, REPLAY_SWEEP_FULL, SKEW_MAX, WINDOW_MAX
from tests.contracts.claims import NONCE, START, Claim, Store


@dataclass
class Oracle:
    """The contract as a list of records that is read from end to end."""

    quota: int
    issuer_quota: int
    capacity: int
    records: list[Claim] = field(default_factory=list)
    forgotten: int = -1

    def code(self, claim: Claim, now: int, present: int) -> str:
        if claim.expires_at <= now or claim.expires_at <= present:
            return "expired"
        dead = [r for r in self.records if r.expires_at + REPLAY_MARGIN <= min(now, present)]
        self.records = [r for r in self.records if r not in dead]
        self.forgotten = max([self.forgotten, *(r.expires_at for r in dead)])
        if any(
            (r.space, r.key_id, r.nonce) == (claim.space, claim.key_id, claim.nonce) for r in self.records
        ):
            return "nonce_replayed"
        if claim.expires_at <= self.forgotten:
            return "replay_unknown"
        mine = [r for r in self.records if (r.space, r.quota_key) == (claim.space, claim.quota_key)]
        issuer = claim.quota_key.split(" ")[0]
        issuers = [r for r in self.records if (r.space, r.quota_key.split(" ")[0]) == (claim.space, issuer)]
        if len(mine) >= self.quota or len(issuers) >= self.issuer_quota or len(self.records) >= self.capacity:
            return "replay_capacity"
        self.records.append(claim)
        return ""


CLAIMS: Final = st.builds(
    Claim,
    nonce=st.sampled_from([b"a" * 16, b"b" * 16, b"\xff" * 16]),
    key_id=st.sampled_from(["k1", "k2"]),
    space=st.sampled_from(["s1", "s2"]),
    quota_key=st.sampled_from(["q1", "i 1", "i 2", "i 3"]),
    expires_at=st.integers(1, 120),
)
"""``expires_at`` counts from the clock's present."""

STEPS: Final = st.lists(
    st.tuples(st.integers(-90, 200), st.sampled_from([0, 0, 0, -4, 4]), CLAIMS), max_size=REPLAY_SWEEP
)
"""The clock's movement, the caller's deviation from it, and a claim; no more than one sweep can drop."""


def in_threads(count: int, work: Callable[[int], str]) -> Counter[str]:
    """Run ``work(0)`` … ``work(count - 1)`` at the same moment and count the answers."""
    barrier = threading.Barrier(count)
    answers: list[str] = []

    def run(index: int) -> None:
        barrier.wait(30)
        answers.append(work(index))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return Counter(answers)


class ReplayStoreContract:
    """Derive, name the class ``Test…``, and give ``opened``."""

    @contextmanager
    def opened(
        self,
        clock: Clock,
        *,
        quota: int = 1000,
        issuer_quota: int | None = None,
        capacity: int = 1000,
        assume_fresh: bool = True,
    ) -> Iterator[Store]:
        """A new, empty store."""
        raise NotImplementedError
        yield

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(START)

    @pytest.fixture
    def store(self, clock: ManualClock) -> Iterator[Store]:
        with self.opened(clock) as store:
            yield store

    # --- once ------------------------------------------------------------------------------------------

    def test_s64_b1_d94_the_second_claim_of_a_nonce_is_refused(self, store: Store) -> None:
        assert Claim().on(store, START) == 0
        with pytest.raises(NonceReplayedError) as caught:
            Claim().on(store, START)
        assert caught.value.component == "nonce"
        assert caught.value.executed == "unknown"

    def test_s68_neither_expiry_nor_quota_key_makes_a_used_nonce_a_new_one(self, store: Store) -> None:
        Claim().on(store, START)
        for again in (Claim(expires_at=START + 300), Claim(quota_key="another"), Claim(expires_at=START + 1)):
            assert again.code(store, START) == "nonce_replayed"

    def test_s66_b3_the_same_nonce_of_another_key_or_tenant_is_another_nonce(self, store: Store) -> None:
        Claim().on(store, START)
        for other in (Claim(key_id="key2"), Claim(space="tenant2"), Claim(nonce=NONCE[::-1])):
            assert other.code(store, START) == ""
            assert other.code(store, START) == "nonce_replayed"

    @pytest.mark.parametrize("character", [":", "*", "\0", "'", '"', "%", "_", ";--", "\udcff", "é"])
    def test_s78_j14_no_character_joins_or_parts_names(self, store: Store, character: str) -> None:
        apart = [
            Claim(space="a" + character, key_id="b"),
            Claim(space="a", key_id=character + "b"),
            Claim(space="a", key_id="b", nonce=character.encode("utf-8", "surrogatepass") + NONCE),
            Claim(space="a" + character + "b", key_id=""),
            Claim(space="", key_id="a" + character + "b"),
            Claim(space=character * 65_536, key_id="b", quota_key=character * 65_536),
        ]
        assert [claim.code(store, START) for claim in apart] == [""] * len(apart)
        assert [claim.code(store, START) for claim in apart] == ["nonce_replayed"] * len(apart)

    def test_s78_a_nonce_that_looks_like_a_separator_is_one_nonce(self, store: Store) -> None:
        apart = [
            Claim(key_id="a", nonce=b"\xffb"),
            Claim(key_id="a", nonce=b"b"),
            Claim(key_id="a", nonce=b"b\xff"),
            Claim(key_id="", nonce=b"a\xffb"),
            Claim(space="", key_id="a", nonce=b"tenant\xffa\xffb"),
            Claim(nonce=b""),
        ]
        assert [claim.code(store, START) for claim in apart] == [""] * len(apart)
        assert [claim.code(store, START) for claim in apart] == ["nonce_replayed"] * len(apart)

    def test_s65_d94_of_64_threads_with_one_nonce_exactly_one_wins(self, store: Store) -> None:
        answers = in_threads(64, lambda _: Claim().code(store, START))
        assert answers == {"": 1, "nonce_replayed": 63}

    def test_threads_with_nonces_of_their_own_all_win(self, store: Store) -> None:
        def work(index: int) -> str:
            return Claim(nonce=index.to_bytes(16, "big"), quota_key=str(index % 3)).code(store, START)

        assert in_threads(64, work) == {"": 64}
        assert in_threads(64, work) == {"nonce_replayed": 64}

    def test_d100_threads_that_race_for_a_quota_do_not_pass_it(self, clock: ManualClock) -> None:
        with self.opened(clock, quota=10, capacity=15) as store:
            answers = in_threads(
                32, lambda index: Claim(nonce=bytes([index]), quota_key=str(index % 2)).code(store, START)
            )
        assert answers == {"": 15, "replay_capacity": 17}

    def test_b18_in_any_order_each_runs_once(self) -> None:
        """ "A (key, nonce) pair is accepted at most once" (rule 6)."""

        @settings(max_examples=25)
        @given(count=st.integers(1, 12), seed=st.randoms(use_true_random=False))
        def run(count: int, seed: random.Random) -> None:
            order = [*range(count), *range(count)]
            seed.shuffle(order)
            with self.opened(ManualClock(START)) as store:
                codes = [(n, Claim(nonce=bytes([n]), key_id=str(n % 2)).code(store, START)) for n in order]
            assert sorted(n for n, code in codes if code == "") == list(range(count))
            assert sorted(n for n, code in codes if code == "nonce_replayed") == list(range(count))

        run()

    def test_the_async_twin_shares_the_records(self, store: Store) -> None:
        async def both() -> int:
            return await store.aclaim(**Claim()._asdict(), now=START)

        assert asyncio.run(both()) == 0
        with pytest.raises(NonceReplayedError):
            asyncio.run(both())
        with pytest.raises(NonceReplayedError):
            Claim().on(store, START)

    # --- time ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(("now", "present"), [(60, 0), (0, 60), (61, 61), (60, 60)])
    def test_an_expired_claim_is_refused_by_either_clock_and_stores_nothing(
        self, store: Store, clock: ManualClock, now: int, present: int
    ) -> None:
        """ "It refuses (`expired`) and stores nothing when `expires_at ≤ now`" (section 10)."""
        clock.advance(present)
        with pytest.raises(ExpiredError) as caught:
            Claim().on(store, START + now)
        assert caught.value.component == "expires"
        clock.set(START + 59)
        assert Claim().code(store, START + 59) == ""

    def test_b6_d99_across_the_border_of_expiry_nothing_is_accepted_twice(
        self, store: Store, clock: ManualClock
    ) -> None:
        """ "Records live until `expires + 60 s`" (section 10)."""
        used = Claim(expires_at=START + 3)
        assert used.code(store, START) == ""
        for second in range(3 + REPLAY_MARGIN):
            clock.set(START + second)
            assert used.code(store, START + second) == ("nonce_replayed" if second < 3 else "expired")
            fresh = used._replace(expires_at=START + 300)
            assert fresh.code(store, START + second) == "nonce_replayed"
        clock.advance(1)
        assert used.code(store, clock.now()) == "expired"
        assert used._replace(expires_at=START + 300).code(store, clock.now()) == ""

    def test_d99_a_record_outlives_the_longest_window_and_twice_the_widest_skew(
        self, store: Store, clock: ManualClock
    ) -> None:
        latest = Claim(expires_at=START + SKEW_MAX + WINDOW_MAX)
        latest.on(store, START)
        clock.set(latest.expires_at + 2 * SKEW_MAX - 1)
        Claim(nonce=b"another", expires_at=clock.now() + 60).on(store, clock.now())
        assert latest._replace(expires_at=clock.now() + 1).code(store, clock.now()) == "nonce_replayed"

    @pytest.mark.parametrize("back", [1, 60, 3600, 86_400, START])
    def test_d101_a_clock_that_steps_back_reopens_nothing(
        self, store: Store, clock: ManualClock, back: int
    ) -> None:
        used = Claim(expires_at=START + 10)
        used.on(store, START)
        clock.advance(-back)
        assert used.code(store, clock.now()) == "nonce_replayed"
        assert Claim(nonce=b"another", expires_at=START + 11).code(store, clock.now()) == ""

    @pytest.mark.parametrize("leap", [3600, 2_147_483_647 - START, 253_402_300_799 - START])
    def test_b15_a_clock_that_leaps_ahead_and_returns_reopens_nothing(
        self, store: Store, clock: ManualClock, leap: int
    ) -> None:
        """ "A store that may have forgotten says so and refuses" (rule 6)."""
        used = Claim(expires_at=START + 60)
        used.on(store, START)
        clock.advance(leap)
        assert used.code(store, clock.now()) == "expired"
        there = Claim(nonce=b"there", expires_at=clock.now() + 60)
        assert there.code(store, clock.now()) == ""  # this claim drops what looks dead
        clock.set(START + 1)
        with pytest.raises(ReplayUnknownError) as caught:
            used.on(store, clock.now())
        assert caught.value.limit == START + 60
        assert Claim(nonce=b"late", expires_at=START + 60).code(store, START + 1) == "replay_unknown"
        assert Claim(nonce=b"later", expires_at=START + 61).code(store, START + 1) == ""
        assert there.code(store, START + 1) == "nonce_replayed"

    def test_one_clock_that_runs_ahead_drops_nothing(self, store: Store, clock: ManualClock) -> None:
        used = Claim()
        used.on(store, START)
        ahead = START + 60 + REPLAY_MARGIN
        assert Claim(nonce=b"ahead", expires_at=ahead + 1).code(store, ahead) == ""
        assert used.code(store, START) == "nonce_replayed"

    @pytest.mark.parametrize("wrong", [float("nan"), 1.5, True, None])
    def test_s61_a_clock_that_gives_no_integer_is_a_configuration_error(self, wrong: object) -> None:
        class Broken(ManualClock):
            broken = False

            def now(self) -> int:
                return wrong if self.broken else START  # type: ignore[return-value]

        clock = Broken(START)
        with self.opened(clock) as store:
            clock.broken = True
            with pytest.raises(ConfigurationError) as caught:
                Claim().on(store, START)
            assert caught.value.field == "clock"
            clock.broken = False
            assert Claim().code(store, START) == ""

    # --- bounds ----------------------------------------------------------------------------------------

    def test_s73_b7_d100_a_full_quota_refuses_its_key_evicts_nothing_and_spares_others(
        self, clock: ManualClock
    ) -> None:
        """ "No issuer takes more than its share" (section 10)."""
        mine = [Claim(nonce=bytes([n]), key_id=str(n)) for n in range(20)]
        with self.opened(clock, quota=20, capacity=100) as store:
            assert {claim.code(store, START) for claim in mine} == {""}
            with pytest.raises(ReplayCapacityError) as caught:
                Claim().on(store, START)
            assert (caught.value.field, caught.value.limit) == ("quota", 20)
            assert Claim(quota_key="another").code(store, START) == ""
            assert Claim(space="another").code(store, START) == ""
            assert {claim.code(store, START) for claim in mine} == {"nonce_replayed"}

    def test_s73_d100_an_issuer_of_many_delegatees_takes_its_share_and_leaves_the_rest(
        self, clock: ManualClock
    ) -> None:
        """ "No issuer takes more than its share" (section 10)."""
        mine = [Claim(nonce=bytes([n]), quota_key=f"acme {n}") for n in range(20)]
        with self.opened(clock, quota=5, issuer_quota=20, capacity=22) as store:
            assert {claim.code(store, START) for claim in mine} == {""}
            for quota_key in ("acme 0", "acme another"):
                with pytest.raises(ReplayCapacityError) as caught:
                    Claim(quota_key=quota_key).on(store, START)
                assert (caught.value.field, caught.value.limit) == ("issuer_quota", 20)
            assert Claim(quota_key="acme2 0").code(store, START) == ""
            assert Claim(quota_key="acme 0", space="another").code(store, START) == ""
            with pytest.raises(ReplayCapacityError) as caught:
                Claim(quota_key="beta 0", nonce=b"more").on(store, START)
            assert caught.value.field == "capacity"
            assert {claim.code(store, START) for claim in mine} == {"nonce_replayed"}

    def test_an_issuers_room_comes_back_when_its_records_die(self, clock: ManualClock) -> None:
        with self.opened(clock, quota=1, issuer_quota=2, capacity=10) as store:
            for n in range(2):
                assert Claim(nonce=bytes([n]), quota_key=f"acme {n}").code(store, START) == ""
            late = Claim(nonce=b"late", quota_key="acme 2", expires_at=START + 300)
            clock.advance(60 + REPLAY_MARGIN - 1)
            assert late.code(store, clock.now()) == "replay_capacity"
            clock.advance(1)
            for n in range(2):
                again = late._replace(nonce=bytes([n]), quota_key=f"acme {n}")
                assert again.code(store, clock.now()) == ""
            assert late.code(store, clock.now()) == "replay_capacity"

    def test_without_a_setting_an_issuer_takes_half_of_the_store(self, clock: ManualClock) -> None:
        with self.opened(clock, quota=2, capacity=8) as store:
            codes = [Claim(nonce=bytes([n]), quota_key=f"acme {n}").code(store, START) for n in range(6)]
        assert codes == [""] * 4 + ["replay_capacity"] * 2

    @pytest.mark.parametrize("issuer_quota", [0, 1, 9, True, 2.0])
    def test_an_issuers_quota_lies_between_the_other_bounds(
        self, clock: ManualClock, issuer_quota: int
    ) -> None:
        for good in (2, 8):
            with self.opened(clock, quota=2, issuer_quota=good, capacity=8):
                pass
        with (
            pytest.raises(ConfigurationError) as caught,
            self.opened(clock, quota=2, issuer_quota=issuer_quota, capacity=8),
        ):
            pass
        assert caught.value.field in {"quota", "issuer_quota"}

    def test_s73_a_full_store_refuses_all_and_evicts_nothing(self, clock: ManualClock) -> None:
        mine = [Claim(nonce=bytes([n]), quota_key=str(n % 5)) for n in range(30)]
        with self.opened(clock, quota=10, capacity=30) as store:
            assert {claim.code(store, START) for claim in mine} == {""}
            with pytest.raises(ReplayCapacityError) as caught:
                Claim(quota_key="new", space="new").on(store, START)
            assert (caught.value.field, caught.value.limit) == ("capacity", 30)
            assert {claim.code(store, START) for claim in mine} == {"nonce_replayed"}

    def test_room_comes_back_when_records_die_and_not_before(self, clock: ManualClock) -> None:
        with self.opened(clock, quota=1, capacity=1) as store:
            Claim().on(store, START)
            late = Claim(nonce=b"late", expires_at=START + 300)
            clock.advance(60 + REPLAY_MARGIN - 1)
            assert late.code(store, clock.now()) == "replay_capacity"
            clock.advance(1)
            assert late.code(store, clock.now()) == ""
            assert late._replace(nonce=b"more").code(store, clock.now()) == "replay_capacity"

    def test_dead_records_of_others_do_not_keep_a_quota_full(self, clock: ManualClock) -> None:
        others = REPLAY_SWEEP * 3
        assert others < REPLAY_SWEEP_FULL
        with self.opened(clock, quota=1, capacity=others + 1) as store:
            for n in range(others):
                Claim(nonce=bytes([n]), quota_key=str(n)).on(store, START)
            Claim(expires_at=START + 61).on(store, START)  # dies last, so it is dropped last
            clock.advance(61 + REPLAY_MARGIN)
            late = Claim(nonce=b"late", expires_at=START + 300)
            assert late.code(store, clock.now()) == ""
            assert late._replace(nonce=b"more").code(store, clock.now()) == "replay_capacity"

    def test_s71_refused_claims_take_no_room(self, clock: ManualClock) -> None:
        with self.opened(clock, quota=2, capacity=3) as store:
            Claim().on(store, START)
            for n in range(50):
                assert Claim(nonce=bytes([n]), expires_at=START).code(store, START) == "expired"
                assert Claim().code(store, START) == "nonce_replayed"
            assert Claim(nonce=b"second").code(store, START) == ""
            for n in range(50):
                assert Claim(nonce=bytes([n])).code(store, START) == "replay_capacity"
            assert Claim(nonce=b"third", quota_key="another").code(store, START) == ""

    @pytest.mark.parametrize(("quota", "capacity"), [(0, 1), (-1, 1), (True, 1), (1, 0), (2, 1), (1.0, 1)])
    def test_bounds_that_are_no_counts_are_refused(
        self, clock: ManualClock, quota: int, capacity: int
    ) -> None:
        with self.opened(clock, quota=1, capacity=1):
            pass
        with pytest.raises(ConfigurationError) as caught, self.opened(clock, quota=quota, capacity=capacity):
            pass
        assert caught.value.field in {"quota", "capacity"}
        assert caught.value.limit == 1

    # --- epoch, oracle, secrets ------------------------------------------------------------------------

    def test_s77_a_new_store_may_have_lost_what_came_before_it(self, clock: ManualClock) -> None:
        """ "Every store that may have lost records has an epoch" (section 10)."""
        with self.opened(clock, assume_fresh=False) as store:
            assert Claim().on(store, START) == START
            clock.advance(30)
            assert Claim(nonce=b"later").on(store, clock.now()) == START
        with self.opened(clock, assume_fresh=True) as store:
            assert Claim().on(store, clock.now()) == 0

    def test_j14_every_answer_is_that_of_the_slow_oracle(self) -> None:
        @settings(max_examples=25)
        @given(steps=STEPS)
        def run(steps: list[tuple[int, int, Claim]]) -> None:
            clock = ManualClock(START)
            oracle = Oracle(quota=3, issuer_quota=4, capacity=6)
            with self.opened(clock, quota=3, issuer_quota=4, capacity=6) as store:
                for move, deviation, relative in steps:
                    clock.advance(move)
                    claim = relative._replace(expires_at=clock.now() + relative.expires_at)
                    now = clock.now() + deviation
                    assert claim.code(store, now) == oracle.code(claim, now, clock.now())

        run()

    def test_neither_repr_nor_refusal_shows_a_nonce(self, store: Store) -> None:
        """ "No … nonce … in a log, an error, a `repr`" (rule 8)."""
        used = Claim(nonce=b"SECRETNONCE!")
        used.on(store, START)
        with pytest.raises(NonceReplayedError) as caught:
            used.on(store, START)
        for text in (repr(store), str(caught.value), repr(caught.value)):
            assert "SECRET" not in text
        assert type(store).__name__ in repr(store)
