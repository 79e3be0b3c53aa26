"""Keys: texts, signatures under both rules, JWK Sets, and trust files (docs/spec/keys.md).

The arithmetic of the wounded signatures (s + L, n - s) is done here on integers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from delegate.encoding import b64url_encode
from delegate.keys import Purpose, SigningKey
from tests.support import p256
from tests.vectors.case import OK, Case, Subject, b64, named, refused
from tests.vectors.generate.world import ED, PKEY, SEEDS, TRUST

L: Final = 2**252 + 27742317777372353535851937790883648493
FIELD: Final = 2**255 - 19
_C: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
MESSAGE: Final = b"one message"

SMALL_ORDER: Final = [0, 1, FIELD - 1, _C, FIELD - _C, *range(FIELD, 2**255)]
"""What the spec lists, without its sign bits."""

IN_PRINT: Final = {
    "RFC 8032, test 1": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "a seed of zeros": "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
    "RFC 9421 B.1.4": "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb",
}


def ed_text(raw: bytes) -> str:
    """An Ed25519 key as a block states it."""
    return "ed25519:" + b64url_encode(raw)


def p_text(raw: bytes) -> str:
    """A P-256 key as a block states it."""
    return "p256:" + b64url_encode(raw)


def _text_family() -> tuple[Case, list[Case]]:
    malformed, weak = refused("malformed", field="key"), refused("key_weak", field="key")
    ed = ED.public_key.text
    lines: list[Case] = [
        {"expect": OK, "what": "control", "key": key.public_key.text, "result": {"key_id": key.key_id}}
        for key in (ED, PKEY)
    ]
    wounds = {
        "no colon": ed.replace(":", ""),
        "empty": "",
        "a character less": ed[:-1],
        "a character more": ed + "A",
        "padded": ed + "=",
        "a space": ed.replace(":", ": "),
        "32 bytes of P-256": p_text(PKEY.public_key.raw[1:]),
        "an uncompressed point": p_text(b"\x04" + bytes(64)),
        "33 bytes of Ed25519": ed_text(ED.public_key.raw + b"\0"),
        "spare bits": ed[:-1] + chr(ord(ed[-1]) + 1),
        "the other alphabet": "ed25519:" + "+" * 43,
        "hexadecimal": "ed25519:" + ED.public_key.raw.hex(),
        "first byte 0": p_text(b"\0" + PKEY.public_key.raw[1:]),
        "first byte 4": p_text(b"\4" + PKEY.public_key.raw[1:]),
        "first byte 5": p_text(b"\5" + PKEY.public_key.raw[1:]),
    }
    lines += [{"expect": malformed, "what": what, "key": text} for what, text in wounds.items()]
    for word in ("Ed25519", "EdDSA", "rsa", "none", "HS256", "", " ed25519", "p-256", "P256", "secp256k1"):
        text = word + ":" + ed.partition(":")[2]
        lines.append(
            {"expect": refused("alg_not_allowed", field="key"), "what": f"the word {word!r}", "key": text}
        )
    for number in SMALL_ORDER:
        for sign in (0, 1):
            raw = (number | sign << 255).to_bytes(32, "little")
            lines.append({"expect": weak, "what": "on the list of the spec", "key": ed_text(raw)})
    lines += [
        {"expect": weak, "what": f"in print: {what}", "key": ed_text(bytes.fromhex(raw))}
        for what, raw in IN_PRINT.items()
    ]
    no_points = {
        "x = 1, off the curve": 1,
        "x = p": p256.P,
        "x = p + 4": p256.P + 4,
        "x = 2^256 - 1": 2**256 - 1,
    }
    for what, x in no_points.items():
        for first in (2, 3):
            lines.append(
                {"expect": weak, "what": what, "key": p_text(bytes([first]) + x.to_bytes(32, "big"))}
            )
    for first in (2, 3):
        raw = bytes([first]) + bytes.fromhex(
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        )
        lines.append({"expect": weak, "what": "in print: d = 1 or n - 1", "key": p_text(raw)})
        good = p_text(bytes([first]) + (5).to_bytes(32, "big"))
        lines.append({"expect": OK, "what": "control: x = 5", "key": good})
    return {"op": "public-key"}, lines


def _signature_family() -> tuple[Case, list[Case]]:
    """What wounds a signature; what is good over a request and nowhere else."""
    ed, pk = ED.sign(Purpose.REQUEST, MESSAGE), PKEY.sign(Purpose.REQUEST, MESSAGE)
    r, s = p256.split(pk)
    s_le = int.from_bytes(ed[32:], "little")

    def with_s(number: int) -> bytes:
        return ed[:32] + number.to_bytes(32, "little")

    ed_wounds = {
        "S + L": with_s(s_le + L),
        "S = L": with_s(L),
        "S = 2^256 - 1": with_s(2**256 - 1),
        "S = 0": with_s(0),
        "R of order 1, S = 0": (1).to_bytes(32, "little") + bytes(32),
        "R not canonical": (FIELD + 1).to_bytes(32, "little") + ed[32:],
        "R and S swapped": ed[32:] + ed[:32],
        "63 bytes": ed[:63],
        "65 bytes": ed + b"\0",
        "empty": b"",
        "zeros": bytes(64),
        "of P-256": pk,
    }
    p_wounds = {
        "r = 0": p256.join(0, s),
        "s = 0": p256.join(r, 0),
        "both 0": bytes(64),
        "r = n": p256.join(p256.N, s),
        "s = n": p256.join(r, p256.N),
        "s = n + 1": p256.join(r, p256.N + 1),
        "swapped": p256.join(s, r),
        "63 bytes": pk[:63],
        "65 bytes": pk + b"\0",
        "DER": b"\x30\x44\x02\x20" + pk[:32] + b"\x02\x20" + pk[32:],
        "empty": b"",
        "of Ed25519": ed,
    }
    lines: list[Case] = []

    def add(what: str, key: SigningKey, signature: bytes, expect: Any, over: tuple[str, ...]) -> None:
        shown = {"key": key.public_key.text, "signature": signature.hex()}
        lines.extend({"expect": expect, "what": what, "over": where, **shown} for where in over)

    both = ("request", "own")
    invalid = refused("signature_invalid")
    add("control", ED, ed, OK, both)
    add("control", PKEY, pk, OK, both)
    add("the other s", PKEY, p256.other_s(pk), OK, both[:1])
    add("the other s", PKEY, p256.other_s(pk), invalid, both[1:])
    for what, wound in ed_wounds.items():
        add(what, ED, wound, invalid, both)
    for what, wound in p_wounds.items():
        add(what, PKEY, wound, invalid, both)
    for bit in range(0, 512, 8):
        flipped = bytearray(ed)
        flipped[bit // 8] ^= 1
        add(f"bit {bit} flipped", ED, bytes(flipped), invalid, ("own",))
    return {"op": "signature", "seeds": SEEDS, "message": b64(MESSAGE)}, lines


def _jwk(key: SigningKey) -> dict[str, Any]:
    """The members of a JWK, from the raw key."""
    raw = key.public_key.raw
    if key is ED:
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(raw), "kid": key.key_id, "alg": "Ed25519",
                "use": "sig"}  # fmt: skip
    x = int.from_bytes(raw[1:], "big")
    y = pow(x**3 - 3 * x + p256.B, (p256.P + 1) // 4, p256.P)
    y = y if y % 2 == raw[0] - 2 else p256.P - y
    coordinates = {name: b64url_encode(n.to_bytes(32, "big")) for name, n in (("x", x), ("y", y))}
    return {"kty": "EC", "crv": "P-256", **coordinates, "kid": key.key_id, "alg": "ES256", "use": "sig"}


def _jwks_family() -> tuple[Case, list[Case]]:
    lines: list[Case] = []

    def add(what: str, expect: Any, *keys: object, text: str | None = None) -> None:
        document = json.dumps({"keys": list(keys)}) if text is None else text
        lines.append({"expect": expect, "what": what, "document": document})

    def bad(code: str, field: str) -> Case:
        return refused(code, field=f"keys[0].{field}")

    ed, pk = _jwk(ED), _jwk(PKEY)
    for what, jwk in (("Ed25519", ed), ("P-256", pk)):
        add(f"control: {what}", OK, jwk)
        for name in ("kid", "alg", "use"):
            add(f"{what} without {name}", OK, {n: v for n, v in jwk.items() if n != name})
        for name in ("x5u", "x5c", "jku", "comment"):
            add(f"{what} with {name}, which is not followed", OK, jwk | {name: "https://evil.example/key"})
        add(f"{what} with key_ops", OK, jwk | {"key_ops": ["verify"]})
        for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k"):
            add(f"{what} with private {name}", bad("malformed", name), jwk | {name: "AA"})
        add(f"{what}: kty oct", bad("alg_not_allowed", "kty"), jwk | {"kty": "oct"})
        add(f"{what}: no kty", bad("alg_not_allowed", "kty"), {n: v for n, v in jwk.items() if n != "kty"})
        add(f"{what}: crv X25519", bad("alg_not_allowed", "kty"), jwk | {"crv": "X25519"})
        add(f"{what}: crv P-384", bad("alg_not_allowed", "kty"), jwk | {"crv": "P-384"})
        add(f"{what}: kty RSA", bad("alg_not_allowed", "kty"), jwk | {"kty": "RSA"})
        add(f"{what}: no x", bad("malformed", "x"), {n: v for n, v in jwk.items() if n != "x"})
        for x in ("", "AA", jwk["x"] + "=", jwk["x"] + "A", 1, None, [jwk["x"]]):
            add(f"{what}: x is {x!r:.12}", bad("malformed", "x"), jwk | {"x": x})
        for alg in ("EdDSA", "none", "HS256", "RS256", "", None):
            add(f"{what}: alg {alg}", bad("alg_key_mismatch", "alg"), jwk | {"alg": alg})
        for use in ("enc", "", None, ["sig"]):
            add(f"{what}: use {use}", bad("malformed", "use"), jwk | {"use": use})
        for ops in ("verify", [], ["sign"], ["verify", "sign"]):
            add(f"{what}: key_ops {ops}", bad("malformed", "key_ops"), jwk | {"key_ops": ops})
        for kid in ("", "../../etc/passwd", jwk["kid"][:-1], jwk["kid"] + "=", None):
            add(f"{what}: kid {kid!r:.20}", bad("key_unknown", "kid"), jwk | {"kid": kid})
        add(f"{what} twice", refused("malformed", field="keys[1]"), jwk, jwk)
    weak = {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode((1).to_bytes(32, "little"))}
    add("a small-order point", bad("key_weak", "key"), weak)
    add(
        "y of another point",
        bad("key_weak", "key"),
        {n: v for n, v in pk.items() if n != "kid"} | {"y": ed["x"]},
    )
    add("P-256 without y", bad("malformed", "y"), {n: v for n, v in pk.items() if n != "y"})
    add("one bad key among good ones", refused("malformed", field="keys[1].d"), ed, pk | {"d": "AA"})
    add("both", OK, ed, pk)
    add("none", OK)
    for text in ("{}", "[]", '{"keys":{}}', '{"keys":null}'):
        add("not a set", refused("malformed", field="keys"), text=text)
    return {"op": "jwks"}, lines


def _trust_family() -> tuple[Case, list[Case]]:
    """Every member of a trust file dropped, retyped, and beyond its range."""
    lines: list[Case] = []
    value: Any
    version: Any

    def add(what: str, where: str | None, change: Any) -> None:
        file = deepcopy(TRUST)
        change(file)
        expect = OK if where is None else refused("configuration", field=where)
        lines.append({"expect": expect, "what": what, "file": file})

    def issuer(file: Any) -> Any:
        return file["issuers"]["acme"]

    at = "issuers.acme"
    add("control", None, lambda file: None)
    add("nobody trusted", None, lambda file: file.update(issuers={}))
    add("no keys", None, lambda file: issuer(file).update(keys=[]))
    for name in ("version", "issuers"):
        add(f"no {name}", name, lambda file, name=name: file.pop(name))
    for version in (0, 2, "1", True, None):
        add(f"version {version!r}", "version", lambda file, v=version: file.update(version=v))
    add("unknown member", "x", lambda file: file.update(x=1))
    for name in ("ceiling", "audiences", "max_depth", "keys"):
        add(f"no {name}", f"{at}.{name}", lambda file, name=name: issuer(file).pop(name))
    for name in ("max_ttl", "revocation"):
        add(f"no {name}: its default", None, lambda file, name=name: issuer(file).pop(name, None))
    bounds = {"max_depth": (0, 15), "max_ttl": (1, 31_622_400)}
    for name, (low, high) in bounds.items():
        for value in (low, high):
            add(f"{name} {value}", None, lambda file, n=name, v=value: issuer(file).update({n: v}))
        for value in (low - 1, high + 1, True, "1"):
            add(
                f"{name} {value!r}", f"{at}.{name}", lambda file, n=name, v=value: issuer(file).update({n: v})
            )
    for value in ("optional", "", None, True):
        add(
            f"revocation {value!r}",
            f"{at}.revocation",
            lambda file, v=value: issuer(file).update(revocation=v),
        )
    add("unknown member of an issuer", f"{at}.x", lambda file: issuer(file).update(x=1))
    key = f"{at}.keys[0]"
    for name in ("key", "usages", "not_before"):
        add(f"a key without {name}", f"{key}.{name}", lambda file, n=name: issuer(file)["keys"][0].pop(n))
    add("unknown member of a key", f"{key}.x", lambda file: issuer(file)["keys"][0].update(x=1))
    return {"op": "trust-file"}, lines


def _cases() -> Iterator[Case]:
    """The few that a reader should look at first."""
    for name, key in (("ed25519", ED), ("p256", PKEY)):
        yield {"name": f"{name}-key-id", "expect": OK, "what": "the thumbprint of a key", "op": "public-key",
               "seeds": SEEDS, "key": key.public_key.text, "result": {"key_id": key.key_id}}  # fmt: skip
        for over in ("request", "own"):
            good: Case = {"name": f"{name}-signature-over-{over}", "expect": OK, "what": "a signature", "op": "signature",
                          "seeds": SEEDS, "over": over, "key": key.public_key.text, "message": b64(MESSAGE),
                          "signature": key.sign(Purpose.REQUEST, MESSAGE).hex()}  # fmt: skip
            yield good
            yield good | {"name": f"{name}-signature-of-another-message-over-{over}", "message": b64(MESSAGE + b"."),
                          "what": "one byte more", "expect": refused("signature_invalid")}  # fmt: skip


def subject() -> Subject:
    """The vectors of this page."""
    return Subject(
        name="keys",
        cases=named(_cases()),
        families={
            "texts": _text_family(),
            "signatures": _signature_family(),
            "jwk-sets": _jwks_family(),
            "trust-files": _trust_family(),
        },
    )
