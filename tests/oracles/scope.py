"""What a scope means, said as slowly and plainly as it can be: sets of paths, and sets of actions.

Nothing here knows tries, normal forms or containment of patterns. A pattern is the set of the paths it
holds; a scope is the set of the actions it permits. Both are written out over a universe small enough to
list: a few words, and every path over ``SEGMENTS`` of at most ``DEPTH`` segments. No pattern of the tests
names ``z``: it stands for every word that nobody thought of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Final

RISKS: Final = ["low", "medium", "high", "critical"]
SEGMENTS: Final = ["a", "b", "z"]
DEPTH: Final = 4
PATHS: Final = [
    "/" + "/".join(segments) for depth in range(1, DEPTH + 1) for segments in product(SEGMENTS, repeat=depth)
]


def path_holds(pattern: list[str], path: list[str]) -> bool:
    """Whether the segments of ``pattern`` hold the segments of ``path``, by the words of the design."""
    if pattern == ["**"]:
        return len(path) >= 1
    if not pattern or not path:
        return not pattern and not path
    return pattern[0] in {"*", path[0]} and path_holds(pattern[1:], path[1:])


def holds(matcher: str, pattern: str, value: str) -> bool:
    """Whether one pattern of ``matcher`` holds ``value``."""
    if matcher == "exact":
        return pattern == value
    return path_holds(pattern.split("/")[1:], value.split("/")[1:])


def held(matcher: str, patterns: Iterable[str], universe: Iterable[str] = PATHS) -> set[str]:
    """Every value of ``universe`` that some pattern holds."""
    listed = list(patterns)
    return {value for value in universe if any(holds(matcher, pattern, value) for pattern in listed)}


def permits(scope: Mapping[str, object], action: Mapping[str, object]) -> bool:
    """Whether ``scope``, as it stands in JSON, permits ``action`` (tool, operation, risk, ...)."""
    tools, operations, sensitivities = (
        scope.get(part, []) for part in ("tools", "operations", "sensitivities")
    )
    resources = scope.get("resources", {})
    assert isinstance(tools, list)
    assert isinstance(operations, list)
    assert isinstance(sensitivities, list)
    assert isinstance(resources, dict)
    wanted, marks = action["resources"], action["sensitivities"]
    assert isinstance(wanted, dict)
    assert isinstance(marks, list)
    return (
        action["tool"] in tools
        and action["operation"] in operations
        and RISKS.index(str(action["risk"])) <= RISKS.index(str(scope["max_risk"]))
        and all(mark in sensitivities for mark in marks)
        and all(
            any(
                holds(matcher, pattern, value)
                for matcher, patterns in resources.get(kind, {}).items()
                for pattern in patterns
            )
            for kind, values in wanted.items()
            for value in values
        )
    )
