"""tenuo: warrants, checked in Rust: decode the stack, verify the chain and its constraints, and the proof.

Its proof of possession covers the tool and its arguments within half a minute, not a request, and it claims
nothing: whoever must refuse a replay keeps a set beside it.
"""

from __future__ import annotations

import time
from typing import Final

from tenuo_core import (
    Authorizer,
    Exact,
    OneOf,
    SigningKey,
    Warrant,
    decode_warrant_stack_base64,
    encode_warrant_stack,
)

from benchmarks.rounds import Candidate
from benchmarks.workload import Chain

_TOOL: Final = "orders.read"
_ARGUMENTS: Final = {"order": "o-1"}


def chain(hops: int) -> Chain:
    """Check a stack of warrants and a proof by its last holder."""
    root, key = SigningKey.generate(), SigningKey.generate()
    granted = {tool: {"order": OneOf(["o-1", "o-2"])} for tool in (_TOOL, "refunds.create")}
    warrant = Warrant.issue(root, capabilities=granted, ttl_seconds=3600, holder=key.public_key)
    stack = [warrant]
    for hop in range(hops):
        successor = SigningKey.generate()
        builder = warrant.attenuate_builder()
        builder.with_capability(_TOOL, {"order": Exact("o-1")})
        builder.with_ttl(3000 - hop)
        builder.with_holder(successor.public_key)
        warrant, key = builder.delegate(key), successor
        stack.append(warrant)
    text = encode_warrant_stack(stack)
    authorizer = Authorizer(trusted_roots=[root.public_key])
    check = Candidate(
        prepare=lambda: bytes(warrant.sign(key, _TOOL, _ARGUMENTS, int(time.time()))),
        work=lambda proof: authorizer.check_chain(
            decode_warrant_stack_base64(text), _TOOL, _ARGUMENTS, signature=proof
        ),
    )
    return Chain(check, len(text))
