"""The chain cache as a state machine: whatever was added, used and asked, under whichever trust.

The model is a dictionary that forgets nothing, and the times of last use. An answer is the model's or
nothing; what was used lately is always there; and no more is kept than was allowed.
"""

from __future__ import annotations

from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from delegate.token.cache import ChainCache, Chains

SIGNATURE: Final = "s" * 80
"""Texts that end alike for longer than the cache looks are told apart by the rest."""
TEXTS: Final = st.lists(st.sampled_from("abcd"), min_size=1, max_size=2).map(
    lambda names: "dlg1" + "".join(f".{name}.{SIGNATURE}{name}" for name in names)
)


def prefixes(text: str) -> list[str]:
    """The texts of the shorter chains that ``text`` extends, longest first."""
    parts = text.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 2, 2, -2)]


class CacheMachine(RuleBasedStateMachine):
    """A cache of some size, under a trust that is replaced now and then."""

    @initialize(size=st.integers(0, 9))
    def start(self, size: int) -> None:
        self.size = size
        self.cache: ChainCache[object] = ChainCache(size)
        self.late: list[Chains[object]] = []
        self.replace_trust()

    def replace_trust(self) -> None:
        self.basis = object()
        self.known: dict[str, object] = {}
        self.moves: list[str] = []
        """All additions, and uses that may count as one, the last one last."""

    @property
    def chains(self) -> Chains[object]:
        return self.cache.under(self.basis)

    def is_recent(self, text: str) -> bool:
        """Whether too little happened since to forget ``text``, whose end no other text took over."""
        since = self.moves[::-1].index(text) if text in self.moves else len(self.moves)
        alike = [other for other in self.known if other[-32:] == text[-32:]]
        return since < self.size // 2 and alike == [text]

    @rule(text=TEXTS)
    def add(self, text: str) -> None:
        self.known[text] = object()
        self.chains.add(text, self.known[text])
        self.moves.append(text)

    @rule(text=TEXTS)
    def get(self, text: str) -> None:
        recent = self.is_recent(text)
        found = self.chains.get(text)
        assert found in {None, self.known.get(text)}
        if recent:
            assert found is self.known[text]
        if found is not None:
            self.moves.append(text)

    @rule(text=TEXTS, other=st.sampled_from(["x", "dlg1", ".", " "]))
    def get_what_was_never_added(self, text: str, other: str) -> None:
        """ "It answers for those bytes and no others." """
        for wrong in (other + text, text + other, text[:-1], text[1:]):
            assert self.chains.get(wrong) is None

    @rule(text=TEXTS)
    def longest_prefix(self, text: str) -> None:
        shorter = prefixes(text)
        recent = [self.is_recent(each) for each in shorter]
        found = self.chains.longest_prefix(text)
        assert found is None or found in [self.known.get(each) for each in shorter]
        at = next((at for at, is_recent in enumerate(recent) if is_recent), None)
        if at is not None:
            assert found in [self.known.get(each) for each in shorter[: at + 1]]
        if found is not None:
            self.moves += [each for each in shorter if self.known.get(each) is found]

    @rule()
    def trust_changes(self) -> None:
        """ "All entries are forgotten when another snapshot is asked about." """
        self.late.append(self.chains)
        known = self.known
        self.replace_trust()
        for text in known:
            assert self.chains.get(text) is None

    @precondition(lambda self: self.late)
    @rule(text=TEXTS, data=st.data())
    def a_thread_is_late(self, text: str, data: st.DataObject) -> None:
        """What it found out under an earlier trust answers for nobody."""
        data.draw(st.sampled_from(self.late)).add(text, "of an earlier trust")

    @invariant()
    def it_is_bounded(self) -> None:
        chains = self.chains
        assert len(chains._young) + len(chains._old) <= self.size


TestChainCacheStates = CacheMachine.TestCase
TestChainCacheStates.settings = settings(
    max_examples=100, stateful_step_count=60, deadline=None, derandomize=True
)
