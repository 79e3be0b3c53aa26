"""PyJWT: a proof of possession as in RFC 9449 (DPoP), and a chain of JWTs that each hand on to the next key.

Neither is a library of its own: around PyJWT stand the checks that RFC 9449 section 4.3 lists, and for a
chain the few that bind a link to its parent. So this is the least that such a thing costs.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from benchmarks.rounds import Candidate
from benchmarks.workload import BODY, URL, Chain, Sender

_ALGORITHMS: Final = ["EdDSA"]
_REQUIRED: Final = {"require": ["htm", "htu", "iat", "jti", "digest"]}


def _sha256(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _jwk(key: Ed25519PrivateKey) -> dict[str, Any]:
    jwk: dict[str, Any] = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {member: jwk[member] for member in ("crv", "kty", "x")}


def _thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638, section 3."""
    return _sha256(f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}"}}'.encode())


def _proof(key: Ed25519PrivateKey, jwk: dict[str, Any], body: bytes, token: str = "") -> str:
    """A proof for the request, bound to ``token`` by ``ath`` and to the body by a claim like it."""
    claims = {
        "jti": _sha256(os.urandom(16)),
        "htm": "POST",
        "htu": URL,
        "iat": int(time.time()),
        "ath": _sha256(token.encode()),
        "digest": _sha256(body),
    }
    header = {"typ": "dpop+jwt", "jwk": jwk}
    return str(jwt.encode(claims, key, algorithm="EdDSA", headers=header))


class _Server:
    """Takes a proof once, by a key whose thumbprint it is told."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def check(self, proof: str, thumbprint: str, body: bytes, token: str = "") -> None:
        """Refuse by an assertion: a benchmark only ever sends what must pass."""
        header = jwt.get_unverified_header(proof)
        assert header["typ"] == "dpop+jwt"
        assert _thumbprint(header["jwk"]) == thumbprint
        key = OKPAlgorithm.from_jwk(header["jwk"])
        claims = jwt.decode(proof, key, algorithms=_ALGORITHMS, options=_REQUIRED)
        assert (claims["htm"], claims["htu"]) == ("POST", URL)
        assert abs(time.time() - claims["iat"]) <= 60
        assert claims["ath"] == _sha256(token.encode())
        assert claims["digest"] == _sha256(body)
        assert claims["jti"] not in self._seen
        self._seen[claims["jti"]] = claims["iat"]


def request(sender: Sender) -> Candidate:
    """Check a proof for the request, by a key the server knows."""
    key = Ed25519PrivateKey.generate()
    jwk = _jwk(key)
    server, thumbprint = _Server(), _thumbprint(jwk)
    return Candidate(
        prepare=lambda: _proof(key, jwk, sender.body),
        work=lambda proof: server.check(proof, thumbprint, sender.body),
    )


def _mint(issuer: Ed25519PrivateKey, holders: list[Ed25519PrivateKey]) -> str:
    """The links, each signed by the holder of its parent and naming it by hash, joined by ``~``."""
    links: list[str] = []
    now = int(time.time())
    for index, (signer, holder) in enumerate(zip([issuer, *holders], holders, strict=False)):
        claims = {
            "sub": f"sub-agent-{index}",
            "iat": now,
            "exp": now + 3600 - index,
            "aud": URL,
            "cnf": {"jwk": _jwk(holder)},
            "tools": ["orders.read"] if index else ["orders.read", "refunds.create"],
            "orders": ["o-1"] if index else ["o-1", "o-2"],
        }
        if links:
            claims["prev"] = _sha256(links[-1].encode())
        links.append(jwt.encode(claims, signer, algorithm="EdDSA"))
    return "~".join(links)


def _permitted(text: str, issuer: Any) -> dict[str, Any]:  # noqa: ANN401 - what PyJWT takes for a key
    """The key of the last holder; every link must permit the action and narrow its parent."""
    key, parent, claims = issuer, "", {}
    for link in text.split("~"):
        claims, above = jwt.decode(link, key, algorithms=_ALGORITHMS, audience=URL), claims
        assert "orders.read" in claims["tools"]
        assert "o-1" in claims["orders"]
        if parent:
            assert claims["prev"] == _sha256(parent.encode())
            assert set(claims["tools"]) <= set(above["tools"])
            assert set(claims["orders"]) <= set(above["orders"])
            assert claims["exp"] <= above["exp"]
        parent, last = link, claims["cnf"]["jwk"]
        key = OKPAlgorithm.from_jwk(last)
    holder: dict[str, Any] = claims["cnf"]["jwk"]
    return holder


def chain(hops: int) -> Chain:
    """Check every link and a proof by the last holder."""
    issuer, *holders = (Ed25519PrivateKey.generate() for _ in range(hops + 2))
    text = _mint(issuer, holders)
    jwk = _jwk(holders[-1])
    server, root = _Server(), issuer.public_key()
    check = Candidate(
        prepare=lambda: _proof(holders[-1], jwk, BODY, text),
        work=lambda proof: server.check(proof, _thumbprint(_permitted(text, root)), BODY, text),
    )
    return Chain(check, len(text))
