"""Scopes held to the sentences of the design, against the oracle that lists sets."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import DelegateError, NonCanonicalError, OutOfScopeError, WidenedError
from delegate.resources import PathPatterns
from delegate.scope import RISKS, Action, Scope
from tests.oracles import scope as oracle

TOOLS = ["t.one", "t.two", "t.three"]
LABELS = ["x", "y"]
KINDS = ["file", "repo"]

ONE_PATTERN = [
    "/" + "/".join([*segments, *tail])
    for tail in ([], ["**"])
    for depth in range(3 - len(tail) + 1)
    for segments in product(["a", "b", "*"], repeat=depth)
    if segments or tail
]
"""Every pattern over two words whose meaning shows on paths of up to four segments."""


def subsets(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3)


granted = st.one_of(
    st.fixed_dictionaries({"path": st.lists(st.sampled_from(ONE_PATTERN), max_size=4)}),
    st.fixed_dictionaries({"exact": st.lists(st.sampled_from(["/a", "/b", "/a/b", "/*"]), max_size=3)}),
)
scopes = st.builds(
    Scope,
    tools=subsets(TOOLS),
    max_risk=st.sampled_from(RISKS),
    operations=subsets(LABELS),
    sensitivities=subsets(LABELS),
    resources=st.dictionaries(st.sampled_from(KINDS), granted, max_size=2),
)
actions = st.fixed_dictionaries(
    {
        "tool": st.sampled_from(TOOLS),
        "operation": st.sampled_from(LABELS),
        "risk": st.sampled_from(RISKS),
        "sensitivities": subsets(LABELS),
        "resources": st.dictionaries(
            st.sampled_from(KINDS),
            st.lists(st.sampled_from(oracle.PATHS), min_size=1, max_size=2),
            max_size=2,
        ),
    }
)


def permits(scope: Scope, action: dict[str, Any]) -> bool:
    try:
        scope.require_permits(Action(**action), block=0)
    except OutOfScopeError:
        return False
    return True


def narrowed(scope: Scope, data: st.DataObject) -> Scope:
    """Some scope that ``scope`` contains."""
    return scope.meet(data.draw(scopes))


# --- path patterns ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ONE_PATTERN)
def test_path_matches_what_its_words_say(pattern: str) -> None:
    """`*` one whole segment, `**` one or more trailing segments."""
    patterns = PathPatterns((pattern,))
    assert {path for path in oracle.PATHS if patterns.matches(path)} == oracle.held("path", [pattern])


def test_one_pattern_covers_another_exactly_when_its_set_does() -> None:
    """A child pattern is contained in **one** parent pattern. All pairs over two words."""
    sets = {pattern: oracle.held("path", [pattern]) for pattern in ONE_PATTERN}
    for parent, child in product(ONE_PATTERN, repeat=2):
        assert PathPatterns((parent,)).covers(child) == (sets[child] <= sets[parent]), (parent, child)


def test_the_meet_of_two_patterns_is_the_meet_of_their_sets() -> None:
    """Meet (⊓) is the scope of what both allow. All pairs over two words."""
    sets = {pattern: oracle.held("path", [pattern]) for pattern in ONE_PATTERN}
    for left, right in product(ONE_PATTERN, repeat=2):
        met = PathPatterns((left,)).meet(PathPatterns((right,)))
        assert oracle.held("path", met.patterns) == sets[left] & sets[right], (left, right)
        assert len(met.patterns) <= 1


several = st.lists(st.sampled_from(ONE_PATTERN), max_size=6).map(tuple)


@given(parent=several, child=several)
def test_c1_containment_never_accepts_more_than_sets_do(
    parent: tuple[str, ...], child: tuple[str, ...]
) -> None:
    """A second oracle shows that this never accepts more than sets do (it may accept less)."""
    if all(map(PathPatterns(parent).covers, child)):
        assert oracle.held("path", child) <= oracle.held("path", parent)


def test_containment_may_accept_less_than_sets_do() -> None:
    parent = PathPatterns(("/*", "/*/**"))
    assert oracle.held("path", ["/**"]) == oracle.held("path", parent.patterns)
    assert not parent.covers("/**")


@given(patterns=several)
def test_reduction_changes_the_words_and_not_the_set(patterns: tuple[str, ...]) -> None:
    """Meet drops contained patterns and sorts."""
    reduced = PathPatterns(patterns).patterns
    assert oracle.held("path", reduced) == oracle.held("path", patterns)
    assert list(reduced) == sorted(reduced, key=str.encode)
    for one, other in product(reduced, repeat=2):
        assert one == other or not PathPatterns((one,)).covers(other)


# --- scopes ----------------------------------------------------------------------------------------


@given(scope=scopes, action=actions)
def test_permits_as_the_oracle_does(scope: Scope, action: dict[str, Any]) -> None:
    """Permitted when tool and operation are listed, risk ≤ max_risk, every sensitivity is listed, every
    value matches a pattern of its type; a dimension the action does not touch is not checked."""
    assert permits(scope, action) == oracle.permits(scope.to_json(), action)


@given(left=scopes, right=scopes, action=actions)
def test_meet_permits_what_both_permit(left: Scope, right: Scope, action: dict[str, Any]) -> None:
    """Meet (⊓) is the scope of what both allow; two matchers under one type leave nothing of it."""
    both = permits(left, action) and permits(right, action)
    met = permits(left.meet(right), action)
    mixed = any(
        kind in left.resources
        and kind in right.resources
        and left.resources[kind].keys() != right.resources[kind].keys()
        for kind in action["resources"]
    )
    assert met == (both and not mixed)


@given(a=scopes, b=scopes, c=scopes)
def test_meet_is_a_meet(a: Scope, b: Scope, c: Scope) -> None:
    """On reduced normal forms it is idempotent, commutative, associative."""
    assert a.meet(a) == a
    assert a.meet(b) == b.meet(a)
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.meet(Scope.UNRESTRICTED) == Scope.UNRESTRICTED.meet(a) == a


@given(wide=scopes, other=scopes, data=st.data())
def test_meet_is_monotone(wide: Scope, other: Scope, data: st.DataObject) -> None:
    """On reduced normal forms it is … monotone."""
    narrow = narrowed(wide, data)
    assert wide.contains(narrow)
    assert wide.meet(other).contains(narrow.meet(other))


@given(parent=scopes, child=scopes)
def test_contains_is_the_order_of_meet(parent: Scope, child: Scope) -> None:
    """What a scope contains is what meeting it does not change; both ways only for equals."""
    assert parent.contains(child) == (parent.meet(child) == child)
    assert parent.contains(parent)
    assert not (parent.contains(child) and child.contains(parent)) or parent == child


@given(parent=scopes, data=st.data(), action=actions)
def test_d56_c1_refusing_by_name_and_intersecting_agree(
    parent: Scope, data: st.DataObject, action: dict[str, Any]
) -> None:
    """Authority only shrinks: a request is authorized against *every* block of its chain. Besides, a
    block that widens anything is refused by name."""
    child = data.draw(st.one_of(scopes, st.just(narrowed(parent, data))))
    if parent.contains(child):
        parent.require_contains(child, block=1)
        assert not oracle.permits(child.to_json(), action) or oracle.permits(parent.to_json(), action)
        return
    with pytest.raises(WidenedError) as refused:
        parent.require_contains(child, block=1)
    assert refused.value.block == 1
    assert refused.value.field is not None


@given(parent=scopes, part=st.sampled_from(["tools", "max_risk", "operations", "sensitivities", "resources"]))
def test_d56_each_part_widened_alone_is_refused_by_its_name(parent: Scope, part: str) -> None:
    """A block that widens anything is refused by name."""
    fields: dict[str, Any] = {
        "tools": parent.tools,
        "max_risk": parent.max_risk,
        "operations": parent.operations,
        "sensitivities": parent.sensitivities,
        "resources": parent.resources,
    }
    assert parent.contains(Scope(**fields))
    if part == "max_risk":
        if parent.max_risk == RISKS[-1]:
            return
        fields[part] = RISKS[RISKS.index(parent.max_risk) + 1]
    elif part == "resources":
        fields[part] = parent.resources | {"order": {"exact": ["o-1"]}}
    else:
        fields[part] = [*fields[part], "new"]
    with pytest.raises(WidenedError) as refused:
        parent.require_contains(Scope(**fields), block=2)
    assert refused.value.field == ("resources.order" if part == "resources" else part)
    assert refused.value.block == 2


# --- bytes -----------------------------------------------------------------------------------------


@given(scope=scopes)
def test_one_value_has_one_encoding(scope: Scope) -> None:
    """One value has one encoding: what is written reads back as itself, and hashes the same."""
    again = Scope.from_json(scope.to_json())
    assert again == scope
    assert hash(again) == hash(scope)
    assert again.to_json() == scope.to_json()


def sets_of(form: dict[str, Any]) -> list[list[str]]:
    arrays = [form[part] for part in ("tools", "operations", "sensitivities") if part in form]
    return arrays + [patterns for kind in form.get("resources", {}).values() for patterns in kind.values()]


@given(scope=scopes, data=st.data())
def test_no_other_encoding_is_read(scope: Scope, data: st.DataObject) -> None:
    """An array that is a set is strictly ascending by UTF-8 bytes, without duplicates, without a pattern
    contained in a sibling: else `non_canonical`."""
    form: Any = scope.to_json()
    if not (arrays := sets_of(form)):
        return
    array = data.draw(st.sampled_from(arrays))
    original = list(array)
    array[:] = data.draw(
        st.permutations(original + data.draw(st.lists(st.sampled_from(original), max_size=2)))
    )
    if array == original:
        assert Scope.from_json(form) == scope
        return
    with pytest.raises(NonCanonicalError) as refused:
        Scope.from_json(form)
    assert refused.value.field is not None


words = st.sampled_from(
    ["tools", "file", "path", "exact", "low", "/a/**", "/a/b", "a", "", "resources", "max_risk"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
nearly = st.fixed_dictionaries(
    {"max_risk": st.sampled_from(["low", "LOW", None, 1])},
    optional={
        "tools": json_values,
        "operations": st.lists(words, max_size=2),
        "resources": st.dictionaries(words, st.dictionaries(words, json_values, max_size=2), max_size=2),
        "extra": json_values,
    },
)


@given(value=st.one_of(json_values, nearly))
def test_any_value_is_read_or_refused(value: object) -> None:
    """Any input to a parser gives a value or a DelegateError, nothing else; and what it reads, it writes."""
    try:
        scope = Scope.from_json(value)
    except DelegateError:
        return
    assert scope.to_json() == value
