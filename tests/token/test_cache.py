"""The cache of pure facts: bounded, by exact text."""

from __future__ import annotations

from delegate.token.cache import ChainCache
from tests.support.forge import chain


def test_only_the_exact_text_is_found() -> None:
    cache, token = ChainCache(4), chain(2)
    cache.add(token)
    assert cache.get(token.text) is token
    assert cache.get(token.text[:-1]) is None
    assert cache.get(token.text + ".") is None


def test_the_longest_proved_prefix_is_shared_by_chains_that_extend_it() -> None:
    cache, whole = ChainCache(4), chain(4)
    one, two = chain(1), chain(2)
    assert whole.text.startswith(two.text + ".")
    assert cache.longest_prefix(whole.text) is None
    cache.add(one)
    assert cache.longest_prefix(whole.text) is one
    cache.add(two)
    assert cache.longest_prefix(whole.text) is two
    cache.add(whole)
    assert cache.longest_prefix(whole.text) is two
    assert cache.longest_prefix("dlg1") is None
    assert cache.longest_prefix("") is None


def test_it_is_bounded_and_forgets_what_is_not_used() -> None:
    cache, used, *others = ChainCache(4), chain(1), *(chain(length) for length in range(2, 12))
    cache.add(used)
    for other in others:
        cache.add(other)
        assert cache.get(used.text) is used
    kept = [other for other in others if cache.get(other.text)]
    assert others[-1] in kept
    assert len(kept) < 4
    assert others[0] not in kept


def test_size_zero_keeps_nothing() -> None:
    cache = ChainCache(0)
    cache.add(chain(1))
    assert cache.get(chain(1).text) is None
