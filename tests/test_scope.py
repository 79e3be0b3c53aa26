"""Scopes and actions, case by case. Matchers are in test_resources.py, what holds for all in property/."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from delegate.errors import (
    ConfigurationError,
    MalformedError,
    NonCanonicalError,
    OutOfScopeError,
    ResourceMalformedError,
    TooLargeError,
    WidenedError,
)
from delegate.limits import (
    ACTION_MAX_VALUES,
    SCOPE_MAX_LABELS,
    SCOPE_MAX_PATTERNS,
    SCOPE_MAX_PATTERNS_PER_TYPE,
    SCOPE_MAX_TOOLS,
)
from delegate.scope import RISKS, Action, Scope

PARENT = Scope(
    tools=["repo.read", "repo.write"],
    max_risk="medium",
    operations=["read", "write"],
    sensitivities=["internal"],
    resources={"repo": {"exact": ["sernixa"]}, "file": {"path": ["/data/**"]}},
)


def parts(**changed: Any) -> dict[str, Any]:
    """``PARENT`` in JSON, with some parts changed."""
    return PARENT.to_json() | changed


def written(form: Any) -> Scope:
    """The same parts as a person would write them."""
    return Scope(**form)


def paths(*patterns: str) -> Scope:
    return Scope(tools=["t"], operations=["o"], resources={"file": {"path": patterns}})


def touch(*values: str, kind: str = "file") -> Action:
    return Action("t", operation="o", risk="low", resources={kind: values})


def allows(scope: Scope, *values: str) -> bool:
    try:
        scope.require_permits(touch(*values), block=0)
    except OutOfScopeError:
        return False
    return True


# --- signed bytes ----------------------------------------------------------------------------------


def test_the_form_in_signed_bytes() -> None:
    form = {
        "max_risk": "medium",
        "operations": ["read", "write"],
        "resources": {"file": {"path": ["/data/**"]}, "repo": {"exact": ["sernixa"]}},
        "sensitivities": ["internal"],
        "tools": ["repo.read", "repo.write"],
    }
    assert PARENT.to_json() == form
    assert Scope.from_json(form) == PARENT


def test_a_missing_part_is_nothing() -> None:
    least = Scope.from_json({"max_risk": "low"})
    assert least == Scope()
    assert least.to_json() == {"max_risk": "low"}
    assert PARENT.contains(least)
    with pytest.raises(OutOfScopeError):
        least.require_permits(Action("t", operation="o", risk="low"), block=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", []),
        ("operations", []),
        ("sensitivities", []),
        ("resources", {}),
        ("resources.repo", {"repo": {"exact": []}}),
    ],
)
def test_a_part_that_is_nothing_must_be_left_out(field: str, value: object) -> None:
    with pytest.raises(NonCanonicalError) as refused:
        Scope.from_json(parts(**{field.partition(".")[0]: value}))
    assert refused.value.field == field


@pytest.mark.parametrize("value", [["b", "a"], ["a", "a"]], ids=["order", "repeated"])
@pytest.mark.parametrize("field", ["tools", "operations", "sensitivities"])
def test_sets_are_strictly_ascending(field: str, value: list[str]) -> None:
    Scope.from_json(parts(**{field: ["a", "b"]}))
    with pytest.raises(NonCanonicalError) as refused:
        Scope.from_json(parts(**{field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "patterns",
    [
        ["/b", "/a"],
        ["/a", "/a"],
        ["/a/*", "/a/b"],
        ["/a/**", "/a/b/**"],
        ["/*/b", "/a/b"],
        ["/**", "/a"],
        ["/*/*/**", "/a/b/c/d"],
    ],
)
def test_patterns_are_in_reduced_normal_form(patterns: list[str]) -> None:
    Scope.from_json(parts(resources={"file": {"path": ["/a/*", "/a/*/c", "/b"]}}))
    with pytest.raises(NonCanonicalError) as refused:
        Scope.from_json(parts(resources={"file": {"path": patterns}}))
    assert refused.value.field == "resources.file"


def test_order_is_of_utf8_bytes_not_of_utf16_units() -> None:
    patterns = ["\uff5a", "\U0001f600"]  # in UTF-16 the surrogates of the second come first
    assert sorted(patterns, key=str.encode) == patterns
    Scope.from_json(parts(resources={"repo": {"exact": patterns}}))
    with pytest.raises(NonCanonicalError):
        Scope.from_json(parts(resources={"repo": {"exact": patterns[::-1]}}))


@pytest.mark.parametrize("part", ["tools", "max_risk", "operations", "sensitivities", "resources"])
@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", {"a": None}, [None], [1], [["a"]], [{}]])
def test_d48_null_and_wrong_types_are_malformed_and_never_unset(part: str, value: object) -> None:
    Scope.from_json(parts())
    with pytest.raises(MalformedError) as refused:
        Scope.from_json(parts(**{part: value}))
    assert str(refused.value.field).partition(".")[0] == part


@pytest.mark.parametrize("value", [None, [], "low", 1, True])
def test_d48_a_scope_is_an_object(value: object) -> None:
    with pytest.raises(MalformedError) as refused:
        Scope.from_json(value)
    assert refused.value.field == "scope"


@pytest.mark.parametrize("name", ["x-note", "Tools", "maxRisk", "", "a" * 500, "\ud800", "budget"])
def test_d49_an_unknown_part_is_refused(name: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Scope.from_json(parts(**{name: ["a"]}))
    assert refused.value.field is not None
    assert name[:1] != "x" or refused.value.field == "x-note"
    str(refused.value).encode()


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(MalformedError):
        Scope.from_json({"max_risk": "low", 1: []})


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"glob": ["/a"]},
        {"exact": ["/a"], "path": ["/a"]},
        {"Exact": ["/a"]},
        ["/a"],
        "/a",
        {"exact": "/a"},
        {"exact": {"/a": True}},
    ],
)
def test_a_type_has_exactly_one_matcher(value: object) -> None:
    Scope.from_json(parts(resources={"file": {"exact": ["/a"]}}))
    with pytest.raises(MalformedError) as refused:
        Scope.from_json(parts(resources={"file": value}))
    assert refused.value.field == "resources.file"


@pytest.mark.parametrize("risk", ["MEDIUM", "Medium", "severe", "", "low ", None, 1, ["low"]])
def test_d54_risk_names_are_a_closed_set(risk: object) -> None:
    with pytest.raises(MalformedError) as refused:
        Scope.from_json({"max_risk": risk})
    assert refused.value.field == "max_risk"
    with pytest.raises(MalformedError) as missing:
        Scope.from_json({"tools": ["t"]})
    assert missing.value.field == "max_risk"


def test_d54_risk_is_ordered_by_the_library_not_by_spelling() -> None:
    assert list(RISKS) == ["low", "medium", "high", "critical"]
    for rank, risk in enumerate(RISKS):
        scope = Scope(tools=["t"], operations=["o"], max_risk=risk)
        for other_rank, other in enumerate(RISKS):
            action = Action("t", operation="o", risk=other)
            if other_rank <= rank:
                scope.require_permits(action, block=0)
                continue
            with pytest.raises(OutOfScopeError) as refused:
                scope.require_permits(action, block=0)
            assert (refused.value.field, refused.value.limit) == ("max_risk", risk)


# --- limits ----------------------------------------------------------------------------------------


def many(count: int, stem: str = "n") -> list[str]:
    return [f"{stem}{index:05}" for index in range(count)]


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("tools", SCOPE_MAX_TOOLS),
        ("operations", SCOPE_MAX_LABELS),
        ("sensitivities", SCOPE_MAX_LABELS),
        ("resources.repo", SCOPE_MAX_PATTERNS_PER_TYPE),
    ],
)
def test_d81_a_part_has_a_limit(field: str, limit: int) -> None:
    def form(count: int) -> dict[str, Any]:
        return {"repo": {"exact": many(count)}} if field == "resources.repo" else many(count)  # type: ignore[return-value]

    part = field.partition(".")[0]
    assert Scope.from_json(parts(**{part: form(limit)})) == written(parts(**{part: form(limit)}))
    for read, count in ((Scope.from_json, limit + 1), (Scope.from_json, 10_000), (written, limit + 1)):
        with pytest.raises(TooLargeError) as refused:
            read(parts(**{part: form(count)}))
        assert (refused.value.field, refused.value.limit) == (field, limit)


def test_d81_all_types_together_have_a_limit() -> None:
    full = {kind: {"exact": many(64)} for kind in "abcd"}
    assert Scope.from_json(parts(resources=full)) == written(parts(resources=full))
    assert Scope.from_json(parts(resources=full)).resources.keys() == full.keys()
    for read in (Scope.from_json, written):
        with pytest.raises(TooLargeError) as refused:
            read(parts(resources=full | {"e": {"exact": ["x"]}}))
        assert (refused.value.field, refused.value.limit) == ("resources", SCOPE_MAX_PATTERNS)


def test_limits_come_before_work() -> None:
    with pytest.raises(TooLargeError):
        Scope.from_json(parts(tools=[None] * (SCOPE_MAX_TOOLS + 1)))
    with pytest.raises(TooLargeError):
        Scope.from_json(parts(resources={"file": {"path": [None] * 65}}))


def test_a_meet_that_would_state_too_much_is_refused() -> None:
    rows, columns = paths(*(f"/*/{name}" for name in many(16))), paths(*(f"/{name}/*" for name in many(16)))
    with pytest.raises(TooLargeError) as refused:
        rows.meet(columns)
    assert refused.value.field == "resources.file"
    assert paths("/*/a").meet(paths("/b/*")) == paths("/b/a")


# --- what people write -----------------------------------------------------------------------------


def test_the_constructor_normalizes_what_a_person_writes() -> None:
    written = Scope(
        tools=("b", "a", "b"),
        operations={"x"},
        resources={"file": {"path": ["/a/b", "/a/**", "/c"]}, "repo": {"exact": []}},
    )
    assert written.to_json() == {
        "max_risk": "low",
        "operations": ["x"],
        "resources": {"file": {"path": ["/a/**", "/c"]}},
        "tools": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ({"tools": "repo.read"}, "tools"),
        ({"operations": "read"}, "operations"),
        ({"resources": {"repo": ["sernixa"]}}, "resources.repo"),
        ({"resources": {"repo": {"exact": "sernixa"}}}, "resources.repo"),
        ({"resources": {"repo": {"exact": 1}}}, "resources.repo"),
        ({"resources": {"Repo": {"exact": ["a"]}}}, "resources"),
    ],
)
def test_likely_slips_are_named(written: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Scope(**written)
    assert refused.value.field == field


def test_a_scope_is_a_value() -> None:
    twin = Scope.from_json(PARENT.to_json())
    assert twin == PARENT
    assert len({twin, PARENT, Scope()}) == 2
    assert twin != Scope.from_json(parts(resources={"repo": {"path": ["/sernixa"]}}))
    assert pickle.loads(pickle.dumps(PARENT)) == copy.deepcopy(PARENT) == PARENT
    with pytest.raises(FrozenInstanceError):
        PARENT.max_risk = "critical"  # type: ignore[misc]
    PARENT.resources["file"] = {"path": ("/**",)}  # a copy
    assert twin == PARENT
    assert eval(repr(PARENT)) == PARENT


def test_exact_and_path_of_the_same_text_are_not_equal() -> None:
    exact, path = ({"file": {matcher: ["/a"]}} for matcher in ("exact", "path"))
    assert Scope(resources=exact) != Scope(resources=path)
    assert hash(Scope(resources=exact)) == hash(Scope(resources=exact))


def test_unrestricted_is_for_a_ceiling_only() -> None:
    everything = Scope.UNRESTRICTED
    assert everything.unrestricted
    assert everything.max_risk == "critical"
    assert not Scope(max_risk="critical").unrestricted
    assert everything != Scope(max_risk="critical")
    assert repr(everything) == "Scope.UNRESTRICTED"
    assert pickle.loads(pickle.dumps(everything)) == everything
    everything.require_contains(PARENT, block=0)
    everything.require_contains(everything, block=0)
    everything.require_permits(touch("/anything", "and relative"), block=-1)
    for refused in (everything.to_json, everything.require_mintable):
        with pytest.raises(ConfigurationError):
            refused()
    with pytest.raises(WidenedError) as widened:
        Scope(max_risk="critical").require_contains(everything, block=1)
    assert widened.value.field == "scope"


def test_everything_changes_nothing_that_it_meets() -> None:
    everything = Scope.UNRESTRICTED
    assert everything.meet(PARENT) == PARENT.meet(everything) == PARENT
    assert everything.meet(everything) == everything
    assert PARENT.meet(PARENT) == PARENT
    assert PARENT.meet(Scope()) == Scope().meet(PARENT) == Scope()


def test_a_type_under_two_matchers_meets_in_nothing() -> None:
    exact, path = (Scope(resources={"file": {matcher: ["/a"]}}) for matcher in ("exact", "path"))
    assert exact.meet(exact).resources == exact.resources
    assert exact.meet(path) == path.meet(exact) == Scope()


# --- containment -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "changed", "field", "limit"),
    [
        ("d42", {"max_risk": "high"}, "max_risk", "medium"),
        ("d43 operation", {"operations": ["admin", "read"]}, "operations", ("read", "write")),
        ("d43 sensitivity", {"sensitivities": ["internal", "pii"]}, "sensitivities", ("internal",)),
        ("d44", {"resources": {"order": {"exact": ["o-1"]}}}, "resources.order", ()),
        ("c1 tool", {"tools": ["repo.delete"]}, "tools", ("repo.read", "repo.write")),
        ("c1 resource", {"resources": {"repo": {"exact": ["other"]}}}, "resources.repo", ("sernixa",)),
        ("c1 path", {"resources": {"file": {"path": ["/**"]}}}, "resources.file", ("/data/**",)),
        ("matcher", {"resources": {"file": {"exact": ["/data/a"]}}}, "resources.file", "path"),
    ],
)
def test_d42_d43_d44_c1_a_wider_child_is_refused_by_name(
    row: str, changed: dict[str, Any], field: str, limit: object
) -> None:
    PARENT.require_contains(Scope.from_json(parts()), block=3)
    assert PARENT.contains(PARENT)
    with pytest.raises(WidenedError) as refused:
        PARENT.require_contains(Scope.from_json(parts(**changed)), block=3)
    error = refused.value
    assert (error.block, error.field, error.limit) == (3, field, limit)
    assert not PARENT.contains(Scope.from_json(parts(**changed)))


def test_d42_equal_and_lower_risk_is_contained() -> None:
    for risk in ("low", "medium"):
        PARENT.require_contains(Scope.from_json(parts(max_risk=risk)), block=1)


@pytest.mark.parametrize("part", ["tools", "operations", "sensitivities", "resources"])
def test_d47_under_nothing_only_nothing_fits(part: str) -> None:
    form = parts()
    del form[part]
    empty = Scope.from_json(form)
    PARENT.require_contains(empty, block=1)
    with pytest.raises(WidenedError) as refused:
        empty.require_contains(PARENT, block=1)
    assert str(refused.value.field).startswith(part)
    assert refused.value.limit == ()


def test_d45_a_missing_part_grants_less_not_more() -> None:
    # A stated scope is complete; a block that states none has its parent's (the token's business).
    form = parts()
    del form["sensitivities"]
    child = Scope.from_json(form)
    marked = Action("repo.read", operation="read", risk="low", sensitivities=["internal"])
    PARENT.require_permits(marked, block=0)
    with pytest.raises(OutOfScopeError) as refused:
        child.require_permits(marked, block=1)
    assert (refused.value.field, refused.value.block) == ("sensitivities", 1)


def test_messages_say_who_allows_what() -> None:
    with pytest.raises(
        WidenedError, match=r'^block 2 widens tools by "x" \(block 1 allows tools: \["a"\]\)$'
    ):
        Scope(tools=["a"]).require_contains(Scope(tools=["x"]), block=2)
    with pytest.raises(
        WidenedError,
        match=r"^block 0 widens max_risk by \"high\" \(the issuer's ceiling allows max_risk: \"low\"\)$",
    ):
        Scope().require_contains(Scope(max_risk="high"), block=0)
    scope = Scope(tools=["t"], operations=["o"], resources={"repo": {"exact": ["sernixa"]}})
    with pytest.raises(OutOfScopeError) as refused:
        scope.require_permits(touch("other", kind="repo"), block=1)
    assert str(refused.value) == 'resource "repo:other" is outside scope (block 1 allows repo: ["sernixa"])'
    with pytest.raises(
        OutOfScopeError, match=r"the issuer's ceiling allows tools: \[.*\], and 6 more\)|, and 6 more"
    ):
        Scope(tools=many(10)).require_permits(touch("a"), block=-1)


# --- permits ---------------------------------------------------------------------------------------

READ: dict[str, Any] = {
    "tool": "repo.read",
    "operation": "read",
    "risk": "medium",
    "sensitivities": ["internal"],
    "resources": {"repo": ["sernixa"], "file": ["/data/a", "/data/b/c"]},
}


@pytest.mark.parametrize(
    ("changed", "field", "limit"),
    [
        ({"tool": "repo.delete"}, "tools", ("repo.read", "repo.write")),
        ({"operation": "admin"}, "operations", ("read", "write")),
        ({"risk": "high"}, "max_risk", "medium"),
        ({"sensitivities": ["internal", "pii"]}, "sensitivities", ("internal",)),
        ({"resources": {"repo": ["other"]}}, "resources.repo", ("sernixa",)),
        ({"resources": {"order": ["o-1"]}}, "resources.order", ()),
    ],
)
def test_every_dimension_is_checked(changed: dict[str, Any], field: str, limit: object) -> None:
    PARENT.require_permits(Action(**READ), block=1)
    with pytest.raises(OutOfScopeError) as refused:
        PARENT.require_permits(Action(**(READ | changed)), block=1)
    error = refused.value
    assert (error.field, error.limit, error.block, error.executed) == (field, limit, 1, "no")


def test_a_dimension_that_is_not_touched_is_not_checked() -> None:
    PARENT.require_permits(Action("repo.read", operation="read", risk="low"), block=0)


def test_d79_one_resource_of_two_is_not_enough() -> None:
    scope = paths("/data/*")
    assert allows(scope, "/data/a", "/data/b")
    assert not allows(scope, "/data/a", "/etc/b")


@pytest.mark.parametrize("tool", ["Repo.read", "repo.Read", "repo.rea", "repo.read.", "repo/read"])
def test_d76_tools_are_exact(tool: str) -> None:
    with pytest.raises(OutOfScopeError):
        PARENT.require_permits(Action(tool, operation="read", risk="low"), block=0)


@pytest.mark.parametrize(
    "tool", [" repo.read", "repo.read\u200b", "repo.read\n", "r\u0435po.read", "*", "crm.*.read", ""]
)
def test_d74_d76_a_name_outside_the_grammar_is_malformed(tool: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Action(tool, operation="read", risk="low")
    assert refused.value.field == "tool"
    with pytest.raises(MalformedError) as granted:
        Scope(tools=[tool])
    assert granted.value.field == "tools"


def test_d74_there_is_no_all() -> None:
    anything = Scope(tools=["t"], operations=["o"], resources={"repo": {"exact": ["*"]}})
    anything.require_permits(touch("*", kind="repo"), block=0)
    with pytest.raises(OutOfScopeError):
        anything.require_permits(touch("sernixa", kind="repo"), block=0)


@pytest.mark.parametrize("kind", ["files", "constructor", "fil"])
def test_d77_type_names_are_exact_and_have_no_special_meaning(kind: str) -> None:
    with pytest.raises(OutOfScopeError):
        paths("/**").require_permits(touch("/a", kind=kind), block=0)


@pytest.mark.parametrize("kind", ["File", "__proto__", "", "file ", "f" * 65])
def test_d77_type_names_outside_the_grammar_are_malformed(kind: str) -> None:
    with pytest.raises(MalformedError):
        touch("/a", kind=kind)
    with pytest.raises(MalformedError) as refused:
        Scope.from_json(parts(resources={kind: {"exact": ["a"]}}))
    assert refused.value.field == "resources"


# --- actions ---------------------------------------------------------------------------------------


def test_an_action_is_a_value() -> None:
    action = Action(
        "t", operation="o", risk="low", sensitivities=["b", "a"], resources={"r": ["2", "1", "2"]}
    )
    twin = Action("t", operation="o", risk="low", sensitivities={"a", "b"}, resources={"r": ("1", "2")})
    assert action == twin
    assert hash(action) == hash(twin)
    assert action.resources == (("r", ("1", "2")),)
    assert action != Action("t", operation="o", risk="low")
    with pytest.raises(FrozenInstanceError):
        action.risk = "critical"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"operation": "Read"}, "operation"),
        ({"operation": None}, "operation"),
        ({"risk": "LOW"}, "risk"),
        ({"risk": None}, "risk"),
        ({"sensitivities": ["PII"]}, "sensitivities"),
        ({"sensitivities": "pii"}, "sensitivities"),
    ],
)
def test_the_names_of_an_action_are_checked(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedError) as refused:
        Action(**(READ | changed))
    assert refused.value.field == field


@pytest.mark.parametrize("values", [[], None, 1, "sernixa", [""], [None], [1], ["a" * 257], ["a", "\x00"]])
def test_values_that_are_none_or_no_text_are_malformed(values: Any) -> None:
    """Empty means none: a type that is named without a value permits nothing."""
    with pytest.raises(ResourceMalformedError) as refused:
        Action(**(READ | {"resources": {"repo": values}}))
    assert refused.value.field == "resources.repo"


def test_an_action_has_a_limit() -> None:
    Action(**(READ | {"resources": {"repo": many(ACTION_MAX_VALUES)}}))
    with pytest.raises(TooLargeError) as at_once:
        Action(**(READ | {"resources": {"repo": [None] * (ACTION_MAX_VALUES + 1)}}))
    assert at_once.value.field == "resources.repo"
    with pytest.raises(TooLargeError) as refused:
        Action(**(READ | {"resources": {"repo": many(ACTION_MAX_VALUES), "file": ["/a"]}}))
    assert refused.value.limit == ACTION_MAX_VALUES


def test_a_message_says_whose_limit_it_is_and_counts_what_it_does_not_list() -> None:
    asked = Action("z", operation="read", risk="low")
    for block, count, owner in ((-1, 4, "the issuer's ceiling"), (0, 5, "block 0")):
        scope = Scope(tools=[f"t{number}" for number in range(count)], max_risk="low", operations=["read"])
        with pytest.raises(OutOfScopeError) as refused:
            scope.require_permits(asked, block=block)
        assert f"({owner} allows tools: " in str(refused.value)
        assert (", and 1 more]" in str(refused.value)) == (count == 5)
        assert (" more" in str(refused.value)) == (count == 5)


def test_a_message_shows_a_value_in_its_own_letters() -> None:
    scope = Scope(tools=["t"], operations=["o"], resources={"repo": {"exact": ["caf\u00e9"]}})
    with pytest.raises(OutOfScopeError) as refused:
        scope.require_permits(touch("na\u00efve", kind="repo"), block=1)
    shown = 'resource "repo:na\u00efve" is outside scope (block 1 allows repo: ["caf\u00e9"])'
    assert str(refused.value) == shown
