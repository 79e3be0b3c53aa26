"""The cache of what was found out about chains: bounded, by exact text, under one trust."""

from __future__ import annotations

from delegate.limits import TOKEN_MAX_BLOCKS
from delegate.token.cache import ChainCache, Chains
from tests.support.forge import chain


def test_only_the_exact_text_is_found() -> None:
    cache, token = Chains[object](None, 4), chain(2)
    cache.add(token.text, token)
    assert cache.get(token.text) is token
    assert cache.get(token.text[:-1]) is None
    assert cache.get(token.text + ".") is None
    assert cache.get("x" + token.text) is None
    for number in range(2):
        cache.add(f"{number}", number)
    assert cache.get("x" + token.text) is None  # of the old generation, too
    assert cache.get(token.text) is token


def test_the_longest_proved_prefix_is_shared_by_chains_that_extend_it() -> None:
    cache, whole = Chains[object](None, 4), chain(4)
    one, two = chain(1), chain(2)
    assert whole.text.startswith(two.text + ".")
    assert cache.longest_prefix(whole.text) is None
    cache.add(one.text, one)
    assert cache.longest_prefix(whole.text) is one
    cache.add(two.text, two)
    assert cache.longest_prefix(whole.text) is two
    cache.add(whole.text, whole)
    assert cache.longest_prefix(whole.text) is two
    assert cache.longest_prefix("dlg1") is None
    assert cache.longest_prefix("") is None


def test_it_is_bounded_and_forgets_what_is_not_used() -> None:
    cache, used, *others = Chains[object](None, 4), chain(1), *(chain(length) for length in range(2, 12))
    cache.add(used.text, used)
    for other in others:
        cache.add(other.text, other)
        assert cache.get(used.text) is used
    kept = [other for other in others if cache.get(other.text)]
    assert others[-1] in kept
    assert len(kept) < 4
    assert others[0] not in kept


def test_size_zero_keeps_nothing() -> None:
    cache = Chains[object](None, 0)
    cache.add(chain(1).text, chain(1))
    assert cache.get(chain(1).text) is None


def test_another_basis_begins_with_nothing() -> None:
    cache, first, second, token = ChainCache[object](4), object(), object(), chain(1)
    cache.under(first).add(token.text, token)
    assert cache.under(first).get(token.text) is token
    late = cache.under(first)
    assert cache.under(second).get(token.text) is None
    late.add(token.text, token)
    assert cache.under(second).get(token.text) is None
    assert cache.under(first).get(token.text) is None


def test_it_never_holds_more_than_its_size() -> None:
    cache = Chains[object](None, 4)
    for number in range(20):
        cache.add(f"{number}", number)
        assert len(cache._young) + len(cache._old) <= 4
    assert cache.get("19") == 19


def test_what_has_more_parts_than_any_token_is_not_looked_up() -> None:
    cache, one, longest = Chains[object](None, 4), chain(1), chain(TOKEN_MAX_BLOCKS)
    cache.add(one.text, one)
    assert cache.longest_prefix(longest.text) is one
    assert cache.longest_prefix(one.text + "." * 2 * TOKEN_MAX_BLOCKS) is None
