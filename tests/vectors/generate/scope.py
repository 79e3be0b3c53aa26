"""Scopes: their one form, containment, meet, and which actions they permit (docs/spec/scope.md)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from tests.vectors.case import OK, Case, Subject, ascii_json, named, refused
from tests.vectors.generate.world import NARROW, SCOPE

LEAST: Final = {"max_risk": "low"}
ACTION: Final[dict[str, Any]] = {
    "tool": "orders.read",
    "operation": "read",
    "risk": "high",
    "sensitivities": ["personal"],
    "resources": {"file": ["/data/a"], "order": ["o-1"]},
}

_PATTERNS: Final[dict[str, list[Any]]] = {
    "good": ["/a", "/a/*", "/*/b", "/**", "/a/**", "/a/*/**", "/*", "/.a", "/a b", "/a..b", "/\u00e9"],
    "bad": ["", "a", "/", "/a/", "//a", "/a//b", "/a*", "/*a", "/**/a", "/a/***", "/.", "/..", "/a/../b", "/a/./b",
            "/a./b", "/a /b", "/~a", "/a/~", "/C:/a", "/c:", "/c:a", "/a%2fb", "/a\\b", "/a\u200b", "/a\x00", "/a\n", 1, None,
            True, ["/a"]],
}  # fmt: skip

_MATCHES: Final = [
    ("/data/**", "/data/a", True),
    ("/data/**", "/data/a/b/c", True),
    ("/data/**", "/data", False),
    ("/data/**", "/database/x", False),
    ("/data/*", "/data/a", True),
    ("/data/*", "/data/a/b", False),
    ("/*/a", "/x/a", True),
    ("/*/a", "/a", False),
    ("/a", "/A", False),
    ("/a/*", "/a/*", True),
    ("/a/b", "/a/*", False),
    ("/**", "/a", True),
    ("/d*x", None, False),
    ("/e\u0301", "/\u00e9", False),
    ("/a", "/\u0430", False),
]

_VALUES_REFUSED: Final = ["data/a", "/", "/data/", "/data//a", "/data/../a", "/data/./a", "/data/x/..", "/data/%2e",
                          "/data/%2F", "/data/%252e", "/data/\\..\\a", "\\\\host\\a", "C:/a", "/C:/a", "/~/a", "/data/a.",
                          "/data/a ", "//data/a"]  # fmt: skip
_NO_TEXT: Final = ["", "/data/a\n", "/data/a\x00", "/data/\u202ea"]

_CONTAINS: Final = [
    ("/**", "/a", True),
    ("/**", "/**", True),
    ("/a/**", "/a/*/**", True),
    ("/a/**", "/a/b/**", True),
    ("/a/**", "/a", False),
    ("/a/*", "/a/**", False),
    ("/a/*", "/a/*", True),
    ("/*/b", "/a/b", True),
    ("/*/x", "/y/x", True),
    ("/a/b", "/*/b", False),
    ("/a/b", "/a/*", False),
    ("/*", "/**", False),
    ("/a/*/**", "/a/**", False),
]

_MEETS: Final = [
    ("/a/**", "/*/b", "/a/b"),
    ("/*/a", "/b/*", "/b/a"),
    ("/**", "/a/*/**", "/a/*/**"),
    ("/a/**", "/b/**", None),
    ("/a", "/a/**", None),
    ("/a/*", "/a/**", "/a/*"),
    ("/*/**", "/**", "/*/**"),
    ("/a/**", "/a/*/c/**", "/a/*/c/**"),
]


def _files(*patterns: Any) -> Case:
    return {"max_risk": "low", "resources": {"file": {"path": list(patterns)}}}


def _form_family() -> tuple[Case, list[Case]]:
    """The one form: every part dropped, retyped, emptied, unsorted, and filled past its limit."""
    lines: list[Case] = []
    value: Any
    matcher: Any
    part: str

    def add(what: str, scope: Any, code: str | None = None, field: str | None = None) -> None:
        lines.append(
            {"expect": OK if code is None else refused(code, field=field), "what": what, "scope": scope}
        )

    for good in (LEAST, SCOPE, NARROW):
        add("control", good)
    for value in (None, 1, "low", [], True):
        add("not an object", value, "malformed", "scope")
    for part in SCOPE:
        less = {name: value for name, value in SCOPE.items() if name != part}
        add(f"no {part}", less, *(("malformed", "max_risk") if part == "max_risk" else ()))
    for risk in ("low", "medium", "high", "critical"):
        add("a level", {"max_risk": risk})
    for value in ("none", "LOW", "Low", "", "lowest", 1, None, ["low"]):
        add("no level", {"max_risk": value}, "malformed", "max_risk")
    for name in ("budget", "x-note", "__proto__", "constructor", "", "Tools"):
        add("an unknown part", LEAST | {name: 1}, "malformed", name)
    for part, item, bad, limit in (
        ("tools", "a", "a b", 256),
        ("operations", "a", "A", 64),
        ("sensitivities", "a", "1", 64),
    ):
        add(f"{part}: empty", LEAST | {part: []}, "non_canonical", part)
        add(f"{part}: unsorted", LEAST | {part: ["b", item]}, "non_canonical", part)
        add(f"{part}: repeated", LEAST | {part: [item, item]}, "non_canonical", part)
        add(f"{part}: {bad!r}", LEAST | {part: [bad]}, "malformed", part)
        for value in (item, None, 1, {item: 1}, True):
            add(f"{part}: no array", LEAST | {part: value}, "malformed", part)
        for value in (None, 1, True, [item]):
            add(f"{part}: an item that is no string", LEAST | {part: [value]}, "malformed", part)
        many = [f"{item}{number:03}" for number in range(limit + 1)]
        add(f"{part}: {limit}", LEAST | {part: many[:-1]})
        add(f"{part}: {limit + 1}", LEAST | {part: many}, "too_large", part)
    for value in (None, 1, "file", [], True):
        add("resources: no object", LEAST | {"resources": value}, "malformed", "resources")
    add("resources: empty", LEAST | {"resources": {}}, "non_canonical", "resources")
    for kind in ("File", "", "1", "a b", "__proto__", "\u0444ile"):
        add("resources: no type", LEAST | {"resources": {kind: {"exact": ["a"]}}}, "malformed", "resources")
    for matcher in (
        {},
        {"glob": ["*"]},
        {"exact": ["a"], "path": ["/a"]},
        {"exact": "a"},
        {"exact": None},
        [],
        None,
        "a",
    ):
        add("resources: no matcher", LEAST | {"resources": {"file": matcher}}, "malformed", "resources.file")
    for name in ("exact", "path"):
        at = "resources.file"
        add(f"{name}: empty", LEAST | {"resources": {"file": {name: []}}}, "non_canonical", at)
        add(f"{name}: unsorted", LEAST | {"resources": {"file": {name: ["/b", "/a"]}}}, "non_canonical", at)
        add(f"{name}: repeated", LEAST | {"resources": {"file": {name: ["/a", "/a"]}}}, "non_canonical", at)
        many = [f"/{number:03}" for number in range(65)]
        add(f"{name}: 64", LEAST | {"resources": {"file": {name: many[:-1]}}})
        add(f"{name}: 65", LEAST | {"resources": {"file": {name: many}}}, "too_large", at)
        add(f"{name}: 256 bytes", LEAST | {"resources": {"file": {name: ["/" + "a" * 255]}}})
        add(f"{name}: 257 bytes", LEAST | {"resources": {"file": {name: ["/" + "a" * 256]}}}, "too_large", at)
    for inner, outer in (("/a/b", "/a/**"), ("/a/b", "/a/*"), ("/a/**", "/**")):
        add("one contained in another", _files(*sorted((inner, outer))), "non_canonical", "resources.file")
    for kinds, code in ((4, None), (5, "too_large")):
        types = {f"k{k}": {"exact": [f"v{number:02}" for number in range(64)]} for k in range(kinds)}
        add(f"{64 * kinds} patterns", LEAST | {"resources": types}, code, "resources" if code else None)
    for pattern in _PATTERNS["good"]:
        add("a pattern", _files(pattern))
    for pattern in _PATTERNS["bad"]:
        add("no pattern", _files(pattern), "malformed", "resources.file")
    return {"op": "scope"}, lines


def _widened(part: str) -> Case:
    return refused("widened", block=1, field=part)


def _containment_family() -> tuple[Case, list[Case]]:
    """Each part of a child equal to its parent's, narrower, and wider."""
    lines: list[Case] = []
    part: str | None

    def add(what: str, parent: Any, child: Any, part: str | None = None) -> None:
        expect = OK if part is None else _widened(part)
        lines.append({"expect": expect, "what": what, "parent": parent, "child": child})

    add("equal", SCOPE, SCOPE)
    add("narrower", SCOPE, NARROW)
    add("the least", SCOPE, LEAST)
    for part in SCOPE:
        if part != "max_risk":
            add(f"without {part}", SCOPE, {name: value for name, value in SCOPE.items() if name != part})
            less = {name: value for name, value in SCOPE.items() if name != part}
            first = "resources.file" if part == "resources" else part
            add(f"{part} where the parent has none", less, SCOPE, first)
    for part in ("tools", "operations", "sensitivities"):
        add(f"{part}: one more", SCOPE, SCOPE | {part: sorted([*SCOPE[part], "zz"])}, part)
        add(f"{part}: another", SCOPE, SCOPE | {part: ["zz"]}, part)
        add(f"{part}: one of them", SCOPE, SCOPE | {part: SCOPE[part][:1]})
    levels = ["low", "medium", "high", "critical"]
    for mine, above in enumerate(levels):
        for theirs, below in enumerate(levels):
            add(
                f"{below} under {above}",
                {"max_risk": above},
                {"max_risk": below},
                "max_risk" if theirs > mine else None,
            )
    one_order = deepcopy(SCOPE["resources"])
    for what, order, part in (
        ("one of two", {"exact": ["o-1"]}, None),
        ("another", {"exact": ["o-3"]}, "resources.order"),
        ("one more", {"exact": ["o-1", "o-2", "o-3"]}, "resources.order"),
        ("another matcher", {"path": ["/o-1"]}, "resources.order"),
    ):
        add(f"resources: {what}", SCOPE, SCOPE | {"resources": one_order | {"order": order}}, part)
    add("resources: another type", SCOPE, SCOPE | {"resources": {"db": {"exact": ["o-1"]}}}, "resources.db")
    for outer, inner, holds in _CONTAINS:
        add(f"{inner} in {outer}", _files(outer), _files(inner), None if holds else "resources.file")
    add("held by a union alone", _files("/*", "/*/**"), _files("/**"), "resources.file")
    return {"op": "contains"}, lines


def _permission_family() -> tuple[Case, list[Case]]:
    """Each dimension of an action inside and outside; values in every form that is no value."""
    lines: list[Case] = []
    value: Any

    def add(what: str, scope: Any, action: Any, code: str | None = None, field: str | None = None) -> None:
        expect = OK if code is None else refused(code, block=0, field=field)
        lines.append({"expect": expect, "what": what, "scope": scope, "action": action})

    add("control", SCOPE, ACTION)
    add("nothing else touched", SCOPE, {"tool": "orders.read", "operation": "read", "risk": "low"})
    for name, value, field in (
        ("tool", "orders.delete", "tools"),
        ("tool", "Orders.read", "tools"),
        ("tool", "orders", "tools"),
        ("operation", "write", "operations"),
        ("risk", "critical", "max_risk"),
        ("sensitivities", ["personal", "secret"], "sensitivities"),
    ):
        add(f"{name}: {value}", SCOPE, ACTION | {name: value}, "out_of_scope", field)
    add("the least scope permits nothing", LEAST, ACTION, "out_of_scope", "tools")
    for kind, values in (("order", ["o-3"]), ("order", ["o-1", "o-3"]), ("db", ["o-1"]), ("order", ["o-1 "]), ("order", ["O-1"]),
                         ("order", ["*"]), ("files", ["/data/a"]), ("file", ["/etc/passwd"]), ("file", ["/data"]),
                         ("file", ["/database/x"])):  # fmt: skip
        add(
            f"{kind}: {values}",
            SCOPE,
            ACTION | {"resources": {kind: values}},
            "out_of_scope",
            f"resources.{kind}",
        )
    for value in _NO_TEXT:  # refused with the action itself, before any block is asked
        expect = refused("resource_malformed", field="resources.file")
        action = ACTION | {"resources": {"file": [value]}}
        lines.append({"expect": expect, "what": "no text", "scope": SCOPE, "action": action})
    for value in _VALUES_REFUSED:
        action = ACTION | {"resources": {"file": [value]}}
        add("no value", SCOPE, action, "resource_malformed", "resources.file")
    base = {"tool": "orders.read", "operation": "read", "risk": "low"}
    for pattern, value, holds in _MATCHES:
        if value is not None:
            scope = {"max_risk": "low", "operations": ["read"], "tools": ["orders.read"],
                     "resources": {"file": {"path": [pattern]}}}  # fmt: skip
            add(f"{value} under {pattern}", scope, base | {"resources": {"file": [value]}},
                *(() if holds else ("out_of_scope", "resources.file")))  # fmt: skip
    lines.append(
        {
            "expect": refused("resource_malformed", field="resources.file"),
            "what": "a type without a value",
            "scope": SCOPE,
            "action": base | {"resources": {"file": []}},
        }
    )
    return {"op": "permits"}, lines


def _meet_family() -> tuple[Case, list[Case]]:
    """Both orders of each pair, and a scope with itself."""
    lines: list[Case] = [
        {"expect": OK, "what": "with itself", "left": scope, "right": scope, "result": {"meet": scope}}
        for scope in (SCOPE, NARROW, LEAST)
    ]
    for one, other, meet in _MEETS:
        found = LEAST if meet is None else _files(meet)
        for left, right in ((one, other), (other, one)):
            line = {"expect": OK, "what": f"{left} and {right}", "left": _files(left), "right": _files(right)}
            lines.append(line | {"result": {"meet": found}})
    lines += [
        {"expect": OK, "what": "narrow and wide", "left": left, "right": right, "result": {"meet": NARROW}}
        for left, right in ((SCOPE, NARROW), (NARROW, SCOPE))
    ]
    return {"op": "meet"}, lines


def _cases() -> Iterator[Case]:
    yield {"name": "full", "expect": OK, "what": "every part", "op": "scope", "scope": SCOPE, "result": {"canonical": ascii_json(SCOPE)}}  # fmt: skip
    yield {"name": "least", "expect": OK, "what": "nothing", "op": "scope", "scope": LEAST, "result": {"canonical": ascii_json(LEAST)}}  # fmt: skip
    yield {"name": "no-risk", "expect": refused("malformed", field="max_risk"), "what": "no level", "op": "scope", "scope": {}}  # fmt: skip
    yield {"name": "narrower", "expect": OK, "what": "a child that narrows", "op": "contains", "parent": SCOPE, "child": NARROW}  # fmt: skip
    yield {"name": "wider", "expect": _widened("tools"), "what": "a child that widens", "op": "contains", "parent": NARROW, "child": SCOPE}  # fmt: skip
    yield {"name": "permitted", "expect": OK, "what": "an action inside", "op": "permits", "scope": SCOPE, "action": ACTION}  # fmt: skip
    yield {"name": "not-permitted", "expect": refused("out_of_scope", block=0, field="max_risk"), "what": "over the risk", "op": "permits", "scope": SCOPE, "action": ACTION | {"risk": "critical"}}  # fmt: skip


def subject() -> Subject:
    """The vectors of this page."""
    return Subject(
        name="scope",
        cases=named(_cases()),
        families={
            "form": _form_family(),
            "containment": _containment_family(),
            "actions": _permission_family(),
            "meet": _meet_family(),
        },
    )
