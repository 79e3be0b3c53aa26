"""Revocation lists: reading them, which one is in force, and what it ends (docs/spec/revocation.md)."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from typing import Any, Final

from delegate.encoding import b64url_decode
from delegate.keys import SigningKey
from tests.support.forge import KEYS, next_prefix
from tests.vectors.case import OK, Case, Subject, ascii_json, b64, promoted, refused
from tests.vectors.generate.dsse import EXAMPLE, wrapped
from tests.vectors.generate.token import SHARED, chain
from tests.vectors.generate.world import ISSUER, NOW, REVOKER, SEEDS, STRANGER, trust

LIST: Final = "application/vnd.delegate.revocation-list+json"
RECORD: Final[dict[str, Any]] = {"key": REVOKER.public_key.text, "usages": ["revoke"], "not_before": 0}
DEMANDING: Final = trust(revocation="required", more=(RECORD,))


def token_ids(text: str) -> list[str]:
    """The ids of all blocks of a token, written a second time from the specification."""
    parts, prefix, found = text.split(".")[1:], bytes(32), []
    for payload, signature in zip(
        map(b64url_decode, parts[::2]), map(b64url_decode, parts[1::2]), strict=True
    ):
        digest = hashlib.sha256(b"delegate/v1/id\0" + prefix + payload).digest()[:16]
        found.append(b32encode(digest).decode().lower().rstrip("="))
        prefix = next_prefix(prefix, payload, signature)
    return found


def members(**changes: Any) -> dict[str, Any]:
    """The members of a good list; a change to ``...`` leaves one out."""
    good = {"v": 1, "iss": "acme", "kid": REVOKER.key_id, "version": 1, "issued_at": NOW, "next_update": NOW + 300, "tokens": [], "keys": []}  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not ...}


def list_text(key: SigningKey = REVOKER, **changes: Any) -> str:
    """A list, signed."""
    return ascii_json(wrapped(LIST, ascii_json(members(**changes)).encode(), key))


def _reading() -> tuple[Case, list[Case]]:
    """Every member dropped, renamed, retyped and beyond its range; signers; times."""
    lines: list[Case] = []
    wrong: Any

    def put(what: str, text: str, expect: Any = OK, **more: Any) -> None:
        lines.append({"expect": expect, "what": what, "bytes": b64(text.encode()), **more})

    def add(what: str, expect: Any = OK, key: Any = REVOKER, **changes: Any) -> None:
        put(what, list_text(key, **changes), expect)

    ids = token_ids(chain(3))
    add("control")
    payload = ascii_json(members()).encode()
    lines[-1]["result"] = {"version": 1, "payload_sha256": hashlib.sha256(payload).hexdigest()}
    add("with entries", tokens=sorted(ids), keys=sorted([KEYS[0].key_id, KEYS[1].key_id]))
    for name in members():
        add(
            f"no {name}",
            refused("malformed", field="v") if name == "v" else refused("malformed"),
            **{name: ...},
        )
        for wrong in ("", -1, True, {}, [1], []):
            if (name, wrong) in (("tokens", []), ("keys", [])):
                continue
            code = "unsupported_version" if name == "v" and type(wrong) is int else "malformed"
            add(f"{name} is {wrong!r}", refused(code, field=name), **{name: wrong})
    for name in ("x", "bud", "crit"):
        add(f"{name} added", refused("malformed"), **{name: 1})
    for v in (0, 2):
        add(f"v {v}", refused("unsupported_version", field="v"), v=v)
    for name, low, high in (("version", 1, 2**53 - 1), ("issued_at", 0, NOW + 5)):
        add(f"{name} {low}", **{name: low})
        add(f"{name} {high}", **{name: high})
    add("version 0", refused("malformed", field="version"), version=0)
    add("issued 6 s ahead", refused("created_in_future", field="issued_at"), issued_at=NOW + 6)
    add("an old list", issued_at=NOW - 10**6, next_update=NOW - 10**6 + 1)
    for moment in (NOW, NOW - 1):
        add("next_update not after issued_at", refused("malformed", field="next_update"), next_update=moment)
    for name, good, bad in (("tokens", ids, ("a", "a" * 25 + "b", ids[0].upper(), ids[0][:-1], ids[0] + "a", "1" * 26)), ("keys", [KEYS[0].key_id, KEYS[1].key_id], ("a", KEYS[0].key_id[:-1], KEYS[0].key_id[:-1] + "B", KEYS[0].key_id + "="))):  # fmt: skip
        add(f"{name} unsorted", refused("non_canonical", field=name), **{name: sorted(good, reverse=True)})
        add(f"{name} repeated", refused("non_canonical", field=name), **{name: [good[0], good[0]]})
        for value in bad:
            add(f"{name}: {value:.8}", refused("malformed", field=name), **{name: [value]})
    add("signed by the issuing key", refused("key_purpose", field="usages"), key=ISSUER, kid=ISSUER.key_id)
    add("signed by a stranger", refused("key_unknown", field="kid"), key=STRANGER, kid=STRANGER.key_id)
    add("signed by a holder", refused("key_unknown", field="kid"), key=KEYS[0], kid=KEYS[0].key_id)
    add("another kid inside", refused("malformed", field="kid"), kid=ISSUER.key_id)
    add("of an issuer nobody knows", refused("key_unknown", field="iss"), iss="evil")
    put(
        "signed by a stranger under the revoker's id",
        ascii_json(wrapped(LIST, payload, STRANGER, keyid=REVOKER.key_id)),
        refused("signature_invalid"),
    )
    put(
        "another type",
        ascii_json(wrapped(EXAMPLE, payload, REVOKER)),
        refused("malformed", field="payloadType"),
    )
    put(
        "payload with a space",
        ascii_json(wrapped(LIST, payload.replace(b":", b": ", 1), REVOKER)),
        refused("non_canonical"),
    )
    put("envelope with a space", list_text().replace(":", ": ", 1), refused("non_canonical"))
    revoked = "key_revoked"
    for what, change, field in (("repudiated", {"status": "repudiated"}, "status"), ("retired", {"status": "retired", "retired_at": NOW}, "retired_at"),
                                ("not yet valid", {"not_before": NOW + 1}, "not_before"), ("no longer valid", {"not_after": NOW}, "not_after")):  # fmt: skip
        put(
            f"a key that is {what}",
            list_text(),
            refused(revoked, field=field),
            trust=trust(more=(RECORD | change,)),
        )
    put("a key in its last second", list_text(), trust=trust(more=(RECORD | {"not_after": NOW + 1},)))
    return {"op": "revocation-list", "seeds": SEEDS, "trust": DEMANDING, "now": NOW, "skew": 5}, lines


def _deciding() -> tuple[Case, list[Case]]:
    """Chains of three against lists: what each entry ends, and which list is in force."""
    lines: list[Case] = []
    token, other = chain(3), chain(3, why="a sibling")
    ids = token_ids(token)
    unavailable = "revocation_unavailable"

    def add(what: str, expect: Any, *lists: Any, text: str = token, **more: Any) -> None:
        published = [each if isinstance(each, dict) else {"at": NOW, "list": each} for each in lists]
        lines.append({"expect": expect, "what": what, "token": text, "lists": published, **more})

    def put(version: int, refusal: str | None = None, **changes: Any) -> Case:
        found: Case = {"at": NOW, "list": list_text(version=version, **changes)}
        return found | ({"refused": refusal} if refusal else {})

    add("an empty list", OK, put(1))
    add("no list", refused(unavailable, field="issued_at"))
    for index in range(3):
        gone = put(1, tokens=[ids[index]])
        add(f"block {index} revoked", refused("revoked", block=index, field="token_id"), gone)
        shorter = ".".join(token.split(".")[: 3 + 2 * (max(index, 1) - 1)])
        expect: Any = OK if index else refused("revoked", block=0, field="token_id")
        add(f"block {index} revoked, the chain above it", expect, gone, text=shorter)
        add(f"block {index} revoked, a sibling", OK, gone, text=other)
        add(
            f"the key of block {index} revoked",
            refused("revoked", block=index, field="key"),
            put(1, keys=[KEYS[index].key_id]),
        )
        add(
            f"the key of block {index} revoked, a sibling",
            refused("revoked", block=index, field="key"),
            put(1, keys=[KEYS[index].key_id]),
            text=other,
        )
    add("the issuer's key revoked", refused("revoked", block=0, field="kid"), put(1, keys=[ISSUER.key_id]))
    add("a stranger's key revoked", OK, put(1, keys=[STRANGER.key_id]))
    add("the first of two", refused("revoked", block=1, field="token_id"), put(1, tokens=sorted(ids[1:])))
    add("revoked and taken back by a higher version", OK, put(1, tokens=[ids[0]]), put(2))
    add(
        "revoked by a higher version",
        refused("revoked", block=0, field="token_id"),
        put(1),
        put(2, tokens=[ids[0]]),
    )
    add(
        "a lower version changes nothing",
        refused("revoked", block=0, field="token_id"),
        put(2, tokens=[ids[0]]),
        put(1, unavailable),
    )
    add(
        "a fork of the version changes nothing",
        refused("revoked", block=0, field="token_id"),
        put(2, tokens=[ids[0]]),
        put(2, unavailable),
    )
    add("the same list again", OK, put(2), put(2))
    add(
        "a stranger's list changes nothing",
        OK,
        put(1),
        {
            "at": NOW,
            "list": list_text(STRANGER, kid=STRANGER.key_id, version=2, tokens=[ids[0]]),
            "refused": "key_unknown",
        },
    )
    late = refused(unavailable, field="issued_at")
    for now, expect in ((NOW + 299, OK), (NOW + 300, late)):
        add(f"{now - NOW} s after it was issued", expect, put(1), now=now)
    add("a list that promises the next one early", late, put(1, next_update=NOW + 10), now=NOW + 10)
    add("… in its last second", OK, put(1, next_update=NOW + 10), now=NOW + 9)
    add("a list that promises the next one late", late, put(1, next_update=NOW + 10_000), now=NOW + 300)
    add(
        "its key is no longer valid",
        refused(unavailable, field="kid"),
        put(1),
        now=NOW + 10,
        trust=trust(revocation="required", more=(RECORD | {"not_after": NOW + 10},)),
    )
    add("the issuer demands none", OK, put(1, tokens=[ids[0]]), trust=trust(more=(RECORD,)))
    return {**SHARED, "trust": DEMANDING}, lines


def subject() -> Subject:
    """The vectors of this page."""
    families = {"reading": _reading(), "deciding": _deciding()}
    return Subject(name="revocation", cases=promoted(families, 5), families=families)
