"""DSSE envelopes, and key claims, which travel in one (docs/spec/bytes.md, docs/spec/token.md)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from delegate.encoding import b64url_encode
from delegate.keys import Purpose, SigningKey
from tests.support import p256
from tests.support.forge import KEYS
from tests.vectors.case import OK, Case, Subject, ascii_json, b64, promoted, refused
from tests.vectors.generate.world import ED, NOW, PKEY, SEEDS, STRANGER

EXAMPLE: Final = "application/vnd.delegate.example+json"
CLAIM: Final = "application/vnd.delegate.key-claim+json"
CHALLENGE: Final = b64url_encode(bytes(range(16)))
_INVALID: Final = refused("signature_invalid")


def pae(kind: str, payload: bytes) -> bytes:
    """The pre-authentication encoding, written a second time from the specification."""
    parts = (b"DSSEv1", str(len(kind.encode())).encode(), kind.encode(), str(len(payload)).encode(), payload)
    return b" ".join(parts)


def wrapped(
    kind: str, payload: bytes, key: SigningKey, *, keyid: str | None = None, over: bytes | None = None
) -> Any:
    """The members of an envelope, signed over its PAE or over other bytes."""
    signature = key.sign(Purpose.REVOCATION, pae(kind, payload) if over is None else over)
    return {
        "payload": b64encode(payload).decode(),
        "payloadType": kind,
        "signatures": [
            {"keyid": key.key_id if keyid is None else keyid, "sig": b64encode(signature).decode()}
        ],
    }


class _Lines(list[Case]):
    def add(self, what: str, envelope: Any, expect: Any = OK, **more: Any) -> None:
        data = envelope if isinstance(envelope, bytes) else ascii_json(envelope).encode()
        self.append({"expect": expect, "what": what, "bytes": b64(data), **more})


def _wounds(lines: _Lines, good: Any) -> None:
    """What wounds any envelope: every member dropped, doubled, moved, renamed, retyped; strangers added."""
    wrong: Any
    one = good["signatures"][0]
    for outer, place in ((True, "envelope"), (False, "signatures")):
        members = good if outer else one
        for name, value in members.items():
            others = {each: had for each, had in members.items() if each != name}
            for what, changed in (("dropped", others), ("renamed", others | {name + "_": value})):
                envelope = changed if outer else good | {"signatures": [changed]}
                lines.add(f"{name} {what}", envelope, refused("malformed", field=place))
            for wrong in (1, True, {}, "" if name == "signatures" else []):
                envelope = others | {name: wrong}
                lines.add(
                    f"{name} is {wrong!r}",
                    envelope if outer else good | {"signatures": [envelope]},
                    refused("malformed", field=name),
                )
            for wrong in ("null", "1.5"):
                text = ascii_json(good).replace(ascii_json({name: value})[1:-1], f'"{name}":{wrong}')
                lines.add(f"{name} is {wrong}", text.encode(), refused("malformed"))
        envelope = members | {"x": 1}
        lines.add(
            f"{place}: x added",
            envelope if outer else good | {"signatures": [envelope]},
            refused("malformed", field=place),
        )
    for count in (0, 2, 3):
        lines.add(
            f"{count} signatures",
            good | {"signatures": [one] * count},
            refused("malformed", field="signatures"),
        )
    for name, member in (("payload", good["payload"]), ("sig", one["sig"])):
        for what, text in (
            ("without padding", member.rstrip("=") if "=" in member else member[:-1]),
            ("with a space", member + " "),
            ("of the other alphabet", "-_" * 43 + "=="[:2]),
        ):
            envelope = (
                good | {"payload": text}
                if name == "payload"
                else good | {"signatures": [one | {"sig": text}]}
            )
            lines.add(f"{name} {what}", envelope, refused("malformed", field=name))
    text = ascii_json(good)
    for what, data in (("a space", text.replace(":", ": ", 1)), ("a newline after", text + "\n"), ("an escape", text.replace("payloadType", "payload\\u0054ype", 1)),
                       ("another order", ascii_json({"payloadType": good["payloadType"]})[:-1] + "," + ascii_json({n: v for n, v in good.items() if n != "payloadType"})[1:])):  # fmt: skip
        lines.add(f"spelled with {what}", data.encode(), refused("non_canonical"))
    for what, raw in (
        ("nothing", b""),
        ("an array", b"[]"),
        ("cut short", text[:-1].encode()),
        ("bytes after", text.encode() + b"x"),
        ("a byte order mark", b"\xef\xbb\xbf" + text.encode()),
    ):
        lines.add(f"bytes: {what}", raw, refused("malformed"))


def _envelopes() -> tuple[Case, list[Case]]:
    lines = _Lines()
    payload = b'{"a":1}'
    good = wrapped(EXAMPLE, payload, ED)
    lines.add("control", good)
    lines[-1]["result"] = {"payload": payload.decode(), "keyid": ED.key_id}
    _wounds(lines, good)
    lines.add("another key id", wrapped(EXAMPLE, payload, ED, keyid="x"))
    lines.add("a stranger's", wrapped(EXAMPLE, payload, STRANGER), _INVALID)
    lines.add("another payload", good | {"payload": b64encode(b'{"a":2}').decode()}, _INVALID)
    for size in (0, 63, 65):
        lines.add(
            f"a signature of {size} bytes",
            good | {"signatures": [{"keyid": "x", "sig": b64encode(bytes(size)).decode()}]},
            _INVALID,
        )
    for what, kind in (("another type", CLAIM), ("no type of ours", "text/plain"), ("an empty type", "")):
        lines.add(what, wrapped(kind, payload, ED), refused("malformed", field="payloadType"))
    for what, over in (("the payload alone", payload), ("another type", pae(CLAIM, payload)), ("a length of 8", pae(EXAMPLE, payload).replace(b" 7 ", b" 8 ")),
                       ("a length with a zero", pae(EXAMPLE, payload).replace(b" 7 ", b" 07 ")), ("DSSEv2", pae(EXAMPLE, payload).replace(b"DSSEv1", b"DSSEv2")),
                       ("a block", b"delegate/v1/block\0" + bytes(32) + payload), ("a signature base", b'"@method": GET\n' + payload)):  # fmt: skip
        lines.add(f"signed over {what}", wrapped(EXAMPLE, payload, ED, over=over), _INVALID)
    signed = wrapped(EXAMPLE, payload, PKEY)
    lines.add("P-256: low s", signed, key=PKEY.public_key.text)
    raw = PKEY.sign(Purpose.REVOCATION, pae(EXAMPLE, payload))
    high = signed | {"signatures": [{"keyid": PKEY.key_id, "sig": b64encode(p256.other_s(raw)).decode()}]}
    lines.add("P-256: high s", high, _INVALID, key=PKEY.public_key.text)
    return {"op": "dsse", "seeds": SEEDS, "type": EXAMPLE, "key": ED.public_key.text}, lines


def _claims() -> tuple[Case, list[Case]]:
    lines = _Lines()
    wrong: Any
    members = {
        "delegator": "agent-0",
        "sub": "agent-1",
        "key": KEYS[1].public_key.text,
        "challenge": CHALLENGE,
        "exp": NOW + 300,
    }

    def add(
        what: str, changes: dict[str, Any], expect: Any = OK, key: SigningKey = KEYS[1], **more: Any
    ) -> None:
        changed = {name: value for name, value in (members | changes).items() if value != "drop"}
        lines.add(what, wrapped(CLAIM, ascii_json(changed).encode(), key), expect, **more)

    add("control", {})
    add("P-256", {"key": PKEY.public_key.text}, key=PKEY)
    for name in members:
        add(f"no {name}", {name: "drop"}, refused("malformed"))
        for wrong in (1, True, [], {}):
            if (name, wrong) != ("exp", 1) or wrong is True:
                field = "exp" if name == "key" else name
                add(f"{name} is {wrong!r}", {name: wrong}, refused("malformed", field=field))
    add("an unknown member", {"x": 1}, refused("malformed"))
    for name in ("delegator", "sub", "challenge"):
        add(f"{name} is empty", {name: ""}, refused("malformed", field=name))
    add("a challenge of 257 bytes", {"challenge": "a" * 257}, refused("too_large", field="challenge"))
    add("exp is text", {"exp": str(NOW)}, refused("malformed", field="exp"))
    add("exp 10^11", {"exp": 10**11}, refused("malformed", field="exp"))
    for what, key_text, code in (
        ("another algorithm", "rsa:AA", "alg_not_allowed"),
        ("a weak key", "ed25519:" + b64url_encode(bytes(32)), "key_weak"),
        ("a short key", "ed25519:AA", "malformed"),
    ):
        add(what, {"key": key_text}, refused(code, field="key"))
    add("signed by another", {}, _INVALID, key=KEYS[2])
    add("another's key", {"key": KEYS[2].public_key.text}, _INVALID)
    mismatch = refused("holder_mismatch", field="challenge")
    add("another challenge", {"challenge": CHALLENGE[:-2] + "AA"}, mismatch)
    lines.add("another key id", wrapped(CLAIM, ascii_json(members).encode(), KEYS[1], keyid="x"), mismatch)
    add("another delegator", {"delegator": "agent-9"}, refused("identity_mismatch", field="sub"))
    add("another agent", {"sub": "agent-9"}, refused("identity_mismatch", field="sub"))
    for exp, expect in (
        (NOW + 1, OK),
        (NOW, refused("expired", field="exp")),
        (NOW - 1, refused("expired", field="exp")),
        (NOW + 301, refused("window_too_long", field="exp")),
    ):
        add(f"exp {exp - NOW} s from now", {"exp": exp}, expect)
    lines.add(
        "another type",
        wrapped(EXAMPLE, ascii_json(members).encode(), KEYS[1]),
        refused("malformed", field="payloadType"),
    )
    lines.add(
        "payload with a space",
        wrapped(CLAIM, ascii_json(members).replace(":", ": ", 1).encode(), KEYS[1]),
        refused("non_canonical"),
    )
    for what, two, code, field in (
        ("no challenge and no key of ours", {"challenge": "", "key": "rsa:AA"}, "alg_not_allowed", "key"),
        ("no delegator and no time", {"delegator": "", "exp": "1"}, "malformed", "exp"),
        ("no agent and no delegator", {"delegator": "", "sub": ""}, "malformed", "delegator"),
        ("no agent and no key", {"sub": "", "key": "rsa:AA"}, "malformed", "sub"),
    ):
        add(what, two, refused(code, field=field))
    shared = {
        "op": "key-claim",
        "seeds": SEEDS,
        "delegator": "agent-0",
        "agent": "agent-1",
        "challenge": CHALLENGE,
        "now": NOW,
    }
    return shared, lines


def subject() -> Subject:
    """The vectors of these pages."""
    families = {"envelopes": _envelopes(), "key-claims": _claims()}
    return Subject(name="dsse", cases=promoted(families, 8), families=families)
