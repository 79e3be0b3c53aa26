"""RFC 9421: all of its examples through the general builder, and the builder against the package's.

``tests/oracles/rfc9421.py`` builds a base for any message. It is held to the RFC's 39 component values and 21
signed messages, under all five algorithms; then the package is held to it.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from hypothesis import given
from hypothesis import strategies as st

from delegate.envelope.components import ALWAYS_COVERED, parse_components
from delegate.envelope.components import signature_base as package_base
from tests.conftest import VECTORS, needs_vectors
from tests.oracles import rfc9421
from tests.oracles.rfc9421 import Message

EXAMPLES = VECTORS / "signing/rfc9421/rfc9421_vectors.json"


def examples(kind: str) -> Any:
    return json.loads(EXAMPLES.read_text()) if kind == "all" else json.loads(EXAMPLES.read_text())[kind]


def verifies(key: dict[str, Any], alg: str, signature: bytes, base: bytes) -> bool:
    """Whether the signature is good, by ``cryptography`` or ``hmac``."""
    if alg == "hmac-sha256":
        secret = b64decode(key["secret_b64"])
        return hmac.compare_digest(hmac.digest(secret, base, "sha256"), signature)
    public = serialization.load_pem_public_key(key["public_pem"].encode())
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, base)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            public.verify(utils.encode_dss_signature(r, s), base, ec.ECDSA(hashes.SHA256()))
        else:
            assert isinstance(public, rsa.RSAPublicKey)
            if alg == "rsa-pss-sha512":
                pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
                public.verify(signature, base, pss, hashes.SHA512())
            else:
                public.verify(signature, base, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@needs_vectors
def test_the_39_component_values() -> None:
    cases = examples("components")
    assert len(cases) == 39
    for case in cases:
        message = rfc9421.parse(case["message"], scheme=case["scheme"])
        assert rfc9421.component_value(message, case["component"]) == case["value"], case["id"]


@needs_vectors
def test_the_21_signed_examples() -> None:
    document = examples("all")
    seen = []
    for case in document["signed"]:
        request = None if case["request"] is None else rfc9421.parse(case["request"])
        message = rfc9421.parse(case["message"], request=request)
        member = case["signature_input"].removeprefix(case["label"] + "=")
        base = rfc9421.signature_base(message, member)
        if case["base_printed_in_rfc"]:
            assert base == case["signature_base"], case["id"]
        encoded = case["signature"].removeprefix(case["label"] + "=").strip(":")
        good = verifies(document["keys"][case["keyid"]], case["alg"], b64decode(encoded), base.encode())
        assert good == (case["expected"] == "valid"), case["id"]
        seen.append((case["rfc_section"], case["expected"]))
    assert len(seen) == 21
    assert (seen.count(("B.4", "valid")), seen.count(("B.4", "invalid"))) == (4, 2)


_VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
_NAME = st.from_regex(r"[a-z][a-z0-9!#$%&'*+.^_`|~-]{0,11}", fullmatch=True)


@given(
    fields=st.dictionaries(
        _NAME.filter(lambda name: name not in {"host", "agent-identity"}), _VALUE, max_size=8
    ),
    path=st.from_regex(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,8}){1,3}", fullmatch=True),
    query=st.from_regex(r"[a-z0-9=&%+]{0,12}", fullmatch=True),
    data=st.data(),
)
def test_s173_the_base_is_that_of_the_builder(
    fields: dict[str, str], path: str, query: str, data: st.DataObject
) -> None:
    """'`envelope.canonical_bytes` is the RFC 9421 signature base, byte for byte.'"""
    own = fields | {"host": "api.example.com", "agent-identity": '"a"'}
    message = Message(start=f"POST {path}?{query} HTTP/1.1", fields=list(own.items()))
    names = data.draw(st.permutations(sorted({*ALWAYS_COVERED, *fields})))
    member = "(" + " ".join(f'"{name}"' for name in names) + ');created=1;tag="delegate-v1"'
    values = {name: value.encode() for name, value in own.items()} | {
        "@method": b"POST",
        "@authority": b"api.example.com",
        "@path": path.encode(),
        "@query": b"?" + query.encode(),
    }
    components = parse_components(member[: member.index(")") + 1])
    base = package_base(components, values, member.encode()).decode()
    assert base == rfc9421.signature_base(message, member)


def test_the_builder_tells_messages_apart() -> None:
    """The oracle is not blind: each change of the message changes its base."""
    member = '("@method" "@path" "a");created=1'
    base = rfc9421.signature_base(rfc9421.parse("GET /x HTTP/1.1\nA: 1"), member)
    assert base.splitlines()[2] == '"a": 1'
    for other in ("GET /y HTTP/1.1\nA: 1", "POST /x HTTP/1.1\nA: 1", "GET /x HTTP/1.1\nA: 2"):
        assert rfc9421.signature_base(rfc9421.parse(other), member) != base
    with pytest.raises(KeyError):
        rfc9421.signature_base(rfc9421.parse("GET /x HTTP/1.1\nB: 1"), member)
