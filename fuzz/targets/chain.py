"""``require_chain``: a whole chain against a fixed trust store, at a fixed time.

An input is one JSON object for each block, on a line of its own. It leaves out what reading a block alone
decides (its version, nonce and keys; the target ``block`` has those), and gets the good ones. Each block is
signed by the key that the block before it names, so what lies behind the signatures is reached.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, cast

from delegate.canonical import JsonValue, canonicalize, parse_strict
from delegate.errors import DelegateError
from delegate.keys import Purpose
from delegate.token.block import Block, parse_block
from delegate.token.chain import UnverifiedToken, append, block_input, parse_unverified
from delegate.verifier.chain import require_chain
from fuzz import material
from fuzz.first_step import FirstStep

_SKEW = 5
_SIGNERS = {key.public_key.text: key for key in (material.WORKER_KEY, material.HELPER_KEY)}
_FILLED: dict[str, JsonValue] = {"key": material.HELPER_KEY.public_key.text, "n": "AAAAAAAAAAAAAAAA"}
_FILLED_FIRST: dict[str, JsonValue] = {
    **_FILLED,
    "iss": material.ISSUER.name,
    "key": material.WORKER_KEY.public_key.text,
    "kid": material.ISSUER_KEY.key_id,
    "v": 1,
}


def _read(data: bytes) -> list[bytes]:
    """The payloads of the blocks in ``data``; a line that is no object is none."""
    objects: list[dict[str, JsonValue]] = []
    for line in data.split(b"\n"):
        with suppress(DelegateError):
            value = parse_strict(line)
            objects += [value] if isinstance(value, dict) else []
    return [canonicalize({**(_FILLED if at else _FILLED_FIRST), **each}) for at, each in enumerate(objects)]


def _sign(payloads: list[bytes]) -> UnverifiedToken:
    """Their chain; where nobody here has a block's key, the helper goes on."""
    token, signer = None, material.ISSUER_KEY
    for payload in payloads:
        prefix_hash = token.last.next_prefix_hash if token else bytes(32)
        token = append(token, payload, signer.sign(Purpose.BLOCK, block_input(prefix_hash, payload)))
        signer = _SIGNERS.get(token.last.block.key.text, material.HELPER_KEY)
    return parse_unverified(token.text if token else "")


def _seed(*blocks: Block) -> bytes:
    rows = []
    for block in blocks:
        members = cast("dict[str, JsonValue]", parse_strict(block.to_payload()))
        kept = {name: value for name, value in members.items() if name not in _FILLED_FIRST}
        rows.append(canonicalize(kept))
    return b"\n".join(rows)


def _child(hops: int) -> Block:
    expires_at, audience = material.NOW + 60 * hops, (material.ORIGIN,)
    return material.CHILD_BLOCK._replace(further_hops=hops, expires_at=expires_at, audience=audience)


SEEDS = (
    _seed(material.ROOT_BLOCK, _child(2), _child(1)),
    _seed(material.ROOT_BLOCK, material.CHILD_BLOCK),
    _seed(material.ROOT_BLOCK),
)
FIRST_STEP = FirstStep(within=(parse_block,), by=(parse_unverified,))


def target(data: bytes) -> None:
    """What is accepted is good here and now, and no block states more than the one before it."""
    token = _sign(_read(data))
    require_chain(
        token,
        material.TRUST.snapshot,
        origin=material.ORIGIN,
        now=material.NOW,
        skew=_SKEW,
        revocation=None,
    )
    blocks: list[dict[str, Any]] = [json.loads(link.payload) for link in token.links]
    above = {**blocks[0], "dep": material.ISSUER.max_depth, "sc": material.SCOPE.to_json()}
    for number, block in enumerate(blocks):
        wrong = [name for name, good in _checks(block, above, first=number == 0).items() if not good]
        if wrong:
            msg = f"block {number} of an accepted chain breaks: {', '.join(wrong)}"
            raise AssertionError(msg)
        above = {**above, "dep": above["dep"] - (number > 0), **block}


def _checks(block: dict[str, Any], above: dict[str, Any], *, first: bool) -> dict[str, bool]:
    """What an accepted block keeps, read off its JSON; ``above`` holds what the blocks before it left."""
    sets = ("tools", "operations", "sensitivities")
    return {
        "issued": above["iat"] <= block["iat"] <= material.NOW + _SKEW,
        "expiry": material.NOW < block.get("exp", above["exp"]) <= above["exp"],
        "lifetime": not first or block["exp"] - block["iat"] <= material.ISSUER.max_ttl,
        "audience": {material.ORIGIN} <= {*block.get("aud", above["aud"])} <= {*above["aud"]},
        "depth": 0 <= block.get("dep", 0) <= above["dep"] - (not first),
        "hops": first or above["dep"] > 0,
        **{
            name: {*block.get("sc", above["sc"]).get(name, ())} <= {*above["sc"].get(name, ())}
            for name in sets
        },
    }
