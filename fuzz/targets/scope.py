"""``Scope.from_json``: what a block permits."""

from __future__ import annotations

from delegate.canonical import canonicalize_signed, parse_strict
from delegate.scope import Scope
from fuzz.first_step import FirstStep

_SEED = (
    '{"max_risk":"high","operations":["financial"],"resources":{"file":{"path":["/data/**"]},'
    '"repo":{"exact":["sernixa"]}},"sensitivities":["pii"],"tools":["orders.read","refunds.create"]}'
)
SEEDS = (_SEED.encode(),)
FIRST_STEP = FirstStep(within=(parse_strict,))


def target(data: bytes) -> None:
    """A scope that is accepted says in its own words exactly what came in, and is within itself."""
    value = parse_strict(data)
    scope = Scope.from_json(value)
    if (
        Scope.from_json(parse_strict(canonicalize_signed(scope.to_json()))) != scope
        or scope.to_json() != value
    ):
        msg = "the scope does not encode to what it was read from"
        raise AssertionError(msg)
    if not scope.contains(scope) or scope.meet(scope) != scope:
        msg = "the scope is not within itself"
        raise AssertionError(msg)
