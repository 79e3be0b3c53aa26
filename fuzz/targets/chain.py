"""``require_chain``: a whole chain against a fixed trust store, at a fixed time.

An input is the text of a token. Its blocks are signed anew before it is verified, each by the key that the
block before it names, so that what lies behind the signatures is reached as well: the token as it stands is
the business of the target ``token``.
"""

from __future__ import annotations

import json
from typing import Any

from delegate.encoding import b64url_decode
from delegate.keys import Purpose
from delegate.token.block import parse_block
from delegate.token.chain import UnverifiedToken, append, block_input, parse_unverified
from delegate.verifier.chain import require_chain
from fuzz import material
from fuzz.first_step import FirstStep

_SKEW = 5
_SIGNERS = {key.public_key.text: key for key in (material.WORKER_KEY, material.HELPER_KEY)}


def _sign(text: str) -> UnverifiedToken:
    """The chain of the payloads in ``text``; where nobody here has a block's key, the helper goes on."""
    token, signer = None, material.ISSUER_KEY
    for part in text.split(".")[1::2] or [""]:
        payload = b64url_decode(part)
        prefix_hash = token.last.next_prefix_hash if token else bytes(32)
        token = append(token, payload, signer.sign(Purpose.BLOCK, block_input(prefix_hash, payload)))
        signer = _SIGNERS.get(token.last.block.key.text, material.HELPER_KEY)
    return parse_unverified(token.text if token else text)


_THREE = append(
    material.TOKEN,
    payload := material.CHILD_BLOCK.to_payload(),
    material.HELPER_KEY.sign(Purpose.BLOCK, block_input(material.TOKEN.last.next_prefix_hash, payload)),
)
SEEDS = tuple(token.text.encode() for token in (_THREE, material.TOKEN, material.ROOT_TOKEN))
FIRST_STEP = FirstStep(within=(b64url_decode, parse_block))


def target(data: bytes) -> None:
    """What is accepted is good here and now, and no block states more than the one before it."""
    token = _sign(data.decode("utf-8", "surrogateescape"))
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
