"""A second verifier of messages, slow and obvious, from docs/spec/message.md alone.

It answers only yes or no, knows one issuer whose chains it takes in full, and shares no code with the
package: json, base64, hashlib, PyNaCl, and another implementation of RFC 8785.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import pairwise
from typing import Any

import nacl.exceptions
import nacl.signing
import rfc8785

TYPE = "application/vnd.delegate.message+json"
REQUIRED = {"v", "aud", "method", "params_sha256", "created", "expires", "nonce", "keyid", "alg", "agent"}


def accepts(
    *,
    method: str,
    params: Any,
    envelope: str,
    issuer_key: bytes,
    audience: str,
    now: int,
) -> bool:
    """Whether the message may be obeyed at ``now``, if its nonce is new."""
    try:
        return _accepts(method, params, envelope, issuer_key, audience, now)
    except (ValueError, KeyError, TypeError, nacl.exceptions.CryptoError):
        return False


def _accepts(method: str, params: Any, envelope: str, issuer_key: bytes, audience: str, now: int) -> bool:
    outer = json.loads(envelope)
    [signed] = outer["signatures"]
    payload = base64.b64decode(outer["payload"], validate=True)
    members = json.loads(payload)
    blocks, holder, agent = _chain(members.get("delegation", ""), issuer_key)
    kind = TYPE.encode()
    nacl.signing.VerifyKey(holder).verify(
        b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload),
        base64.b64decode(signed["sig"], validate=True),
    )
    digest = base64.urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(params)).digest()).decode().rstrip("=")
    return all(
        (
            rfc8785.dumps(outer).decode() == envelope,
            outer.keys() == {"payload", "payloadType", "signatures"},
            outer["payloadType"] == TYPE,
            signed.keys() == {"keyid", "sig"},
            rfc8785.dumps(members) == payload,
            members.keys() == REQUIRED | {"delegation"},
            members["v"] == 1 and members["v"] is not True,
            members["aud"] == audience,
            members["method"] == method,
            members["params_sha256"] == digest,
            all(type(members[name]) is int for name in ("created", "expires")),
            0 < members["expires"] - members["created"] <= 300,
            members["created"] - 5 <= now < members["expires"],
            re.fullmatch(r"[A-Za-z0-9_-]{21}[AQgw]", members["nonce"]) is not None,
            members["keyid"] == signed["keyid"] == _thumbprint(holder),
            members["alg"] == "ed25519",
            re.fullmatch(rf'"{re.escape(agent)}"(;run="[a-z0-9-]+")?', members["agent"]) is not None,
            all(audience in block["aud"] for block in blocks if "aud" in block),
            all(block["iat"] - 5 <= now for block in blocks),
            all(block["iat"] >= above["iat"] for above, block in pairwise(blocks)),
            all(now < block["exp"] for block in blocks if "exp" in block),
        )
    )


def _chain(text: str, issuer_key: bytes) -> tuple[list[dict[str, Any]], bytes, str]:
    """The blocks of a token whose signatures hold, and its holder's key and name."""
    version, *parts = text.split(".")
    if version != "dlg1" or not parts:
        raise ValueError(version)
    prefix, key, blocks = bytes(32), issuer_key, []
    for payload, signature in zip(*[map(_unurl, parts)] * 2, strict=True):
        nacl.signing.VerifyKey(key).verify(b"delegate/v1/block\0" + prefix + payload, signature)
        block = json.loads(payload)
        blocks.append(block)
        prefix = hashlib.sha256(
            b"delegate/v1/prefix\0" + prefix + len(payload).to_bytes(4, "big") + payload + signature
        ).digest()
        key = _unurl(block["key"].removeprefix("ed25519:"))
    return blocks, key, blocks[-1]["sub"]


def _unurl(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _thumbprint(key: bytes) -> str:
    x = base64.urlsafe_b64encode(key).decode().rstrip("=")
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).decode().rstrip("=")
