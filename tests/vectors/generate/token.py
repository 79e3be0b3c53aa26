"""Tokens: chains against a trust file, an origin and an instant, without a request (docs/spec/token.md).

Payloads are written here by the standard library's JSON and signed by the rightful keys after they were
wounded, unless the wound is one of the signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from delegate.encoding import b64url_decode, b64url_encode
from delegate.keys import SigningKey
from tests.support import p256
from tests.support.forge import KEYS, forge_text
from tests.vectors.case import OK, Case, Subject, ascii_json, named, promoted, refused
from tests.vectors.generate.world import (
    ISSUER,
    NARROW,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    PKEY,
    SCOPE,
    SEEDS,
    STRANGER,
    TRUST,
    trust,
)

Members = dict[str, Any]
SHARED: Final[Case] = {
    "op": "token",
    "seeds": SEEDS,
    "trust": TRUST,
    "origin": ORIGIN,
    "now": NOW,
    "skew": 5,
}


LITTLE: Final = {"max_risk": "low", "tools": ["orders.read"]}


def root(**changes: Any) -> Members:
    """The members of a good block 0, the optional ones too; a change to ``None`` leaves one out."""
    return _changed(
        {
            "v": 1,
            "iss": "acme",
            "kid": ISSUER.key_id,
            "root": "user:ada",
            "sub": "agent-0",
            "key": KEYS[0].public_key.text,
            "iat": NOW,
            "exp": NOW + 600,
            "n": b64url_encode(bytes(12)),
            "dep": 3,
            "aud": [ORIGIN],
            "sc": SCOPE,
            "why": "a test",
        },
        changes,
    )


def child(index: int = 1, **changes: Any) -> Members:
    """The members of a block ``index`` that takes nothing away."""
    members = {
        "sub": f"agent-{index}",
        "key": KEYS[index].public_key.text,
        "iat": NOW,
        "n": b64url_encode(bytes([index]) * 12),
    }
    return _changed(members, changes)


def full_child(**changes: Any) -> Members:
    """The members of a block 1 that states everything it may."""
    return child(
        1, **({"exp": NOW + 300, "dep": 1, "aud": [ORIGIN], "sc": NARROW, "why": "a test"} | changes)
    )


def _changed(members: Members, changes: Members) -> Members:
    return {name: value for name, value in (members | changes).items() if value is not None}


def text_of(*blocks: Members | str, keys: tuple[SigningKey, ...] = ()) -> str:
    """The token of these blocks: members, or the payload's very text."""
    payloads = [block if isinstance(block, str) else ascii_json(block) for block in blocks]
    return forge_text(*(payload.encode() for payload in payloads), keys=keys)


def chain(length: int, **changes: Any) -> str:
    """A good chain that grants little, to be short; ``changes`` go into block 0."""
    return text_of(
        root(**({"dep": 15, "sc": LITTLE, "root": None, "why": None} | changes)),
        *(child(index) for index in range(1, length)),
    )


def _blocks(text: str) -> list[str]:
    parts = text.split(".")[1:]
    return [".".join(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def _joined(*blocks: str) -> str:
    return ".".join(["dlg1", *blocks])


class Lines(list[Case]):
    """The cases of a family, one after the other."""

    def add(self, what: str, token: str, expect: Any = OK, **more: Any) -> None:
        """One more; ``expect`` as ``refused`` makes it."""
        self.append({"expect": expect, "what": what, "token": token, **more})


# --- members ---------------------------------------------------------------------------------------

_REQUIRED: Final = {
    0: {"v", "iss", "kid", "sub", "key", "iat", "n", "exp", "dep", "aud", "sc"},
    1: {"sub", "key", "iat", "n"},
}
_OTHER_TYPES: Final[tuple[Any, ...]] = ("", "x", 0, -1, 2, True, [], {}, [1], {"a": 1})


def _bad(index: int, field: str | None, code: str = "delegation_malformed") -> Case:
    return refused(code, block=index, field=field)


def _put(index: int, block: Members | str) -> str:
    """A chain of two with ``block`` in place ``index``."""
    return text_of(block, child()) if index == 0 else text_of(root(), block)


def _members_family() -> tuple[Case, list[Case]]:
    """Every member of both kinds of block dropped, renamed, doubled, moved, retyped; strangers added."""
    lines = Lines()
    for index, good in ((0, root()), (1, full_child())):
        at = f"block {index}"
        lines.add(f"{at}: control", _put(index, good))
        for name, value in good.items():
            others = {member: each for member, each in good.items() if member != name}
            needed = name in _REQUIRED[index]
            lines.add(f"{at}: no {name}", _put(index, others), _bad(index, name) if needed else OK)
            renamed = others | {name + "_": value}
            lines.add(f"{at}: {name}_", _put(index, renamed), _bad(index, name if needed else name + "_"))
            doubled = ascii_json(good)[:-1] + "," + ascii_json({name: value})[1:]
            lines.add(f"{at}: {name} twice", _put(index, doubled), _bad(index, None))
            moved = (
                "{"
                + ",".join(ascii_json({n: v})[1:-1] for n, v in [*sorted(others.items()), (name, value)])
                + "}"
            )
            expect = OK if moved == ascii_json(good) else _bad(index, None, "non_canonical")
            lines.add(f"{at}: {name} last", _put(index, moved), expect)
            for other in (None, 1.5):
                payload = ascii_json(others | {name: other})
                lines.add(f"{at}: {name} is {other}", _put(index, payload), _bad(index, None))
            for other in _OTHER_TYPES:
                expect = _retyped(index, name, other)
                lines.add(f"{at}: {name} is {other!r}", _put(index, others | {name: other}), expect)
        for name in (
            "x",
            "x-note",
            "max_risk",
            "token_id",
            "delegator",
            "crit",
            "alg",
            "jwk",
            "cnf",
            "__proto__",
        ):
            lines.add(f"{at}: {name} added", _put(index, good | {name: "a"}), _bad(index, name))
        for name, code in (("bud", "budget_unmetered"), ("apr", "approval_required")):
            for value in ({}, [], 0, "x", {"limit": 1}):
                lines.add(f"{at}: {name}", _put(index, good | {name: value}), _bad(index, name, code))
    for name, value in root().items():
        if name in {"v", "iss", "kid", "root"}:
            lines.add(f"block 1: {name}", _put(1, full_child() | {name: value}), _bad(1, name))
    return SHARED, lines


def _retyped(index: int, name: str, value: Any) -> Any:
    """What a member of another type, or of a value outside its range, is refused with."""
    whole = type(value) is int
    if name == "v":
        return _bad(index, "v", "unsupported_version")
    if name in {"iss", "sub", "root", "why"} and value == "x":
        return _bad(0, "iss", "untrusted_root") if name == "iss" else OK
    if name == "kid" and value == "x":
        return refused("untrusted_root", block=0, field="kid")
    if name == "dep" and whole and 0 <= value <= 2:
        return OK if (index, value) != (0, 0) else refused("depth_exceeded", block=1, field="dep")
    if name == "iat" and whole and value >= 0:
        return refused("widened", block=1 if index else 0, field="iat" if index else "exp")
    if name == "sc":
        if type(value) is not dict:
            return _bad(index, "scope")
        return _bad(index, "a" if value else "max_risk")
    return _bad(index, name)


# --- blocks and signatures -------------------------------------------------------------------------


def _unsigned(index: int) -> Case:
    return refused("delegation_signature_invalid", block=index)


def _blocks_family() -> tuple[Case, list[Case]]:
    """Every block of chains of 2 to 5 dropped, repeated, swapped, spliced and signed by others."""
    lines = Lines()
    for length in range(1, 6):
        good, other = _blocks(chain(length)), _blocks(chain(length, why="another chain"))
        lines.add(f"{length} blocks: control", _joined(*good))
        for index in range(length):
            left = good[:index] + good[index + 1 :]
            if not left:
                expect: Any = refused("delegation_malformed")
            elif index == 0:
                expect = _bad(0, "aud")
            else:
                expect = OK if index == length - 1 else _unsigned(index)
            lines.add(f"{length} blocks: {index} dropped", _joined(*left), expect)
            again = good[: index + 1] + good[index:]
            expect = _bad(1, "iss") if index == 0 else _unsigned(index + 1)
            lines.add(f"{length} blocks: {index} repeated", _joined(*again), expect)
            for key, who in ((ISSUER, "the issuer"), (STRANGER, "a stranger"), (KEYS[index], "itself")):
                if index == 0 and key is ISSUER:
                    continue
                keys = (*(ISSUER, *KEYS)[:index], key)
                blocks = [root(dep=15, sc=LITTLE), *(child(number) for number in range(1, length))]
                forged = text_of(*blocks, keys=keys)
                lines.add(f"{length} blocks: {index} signed by {who}", forged, _unsigned(index))
            if index:
                lines.add(
                    f"{length} blocks: spliced at {index}",
                    _joined(*other[:index], *good[index:]),
                    _unsigned(index),
                )
        for one, two in combinations(range(length), 2):
            swapped = list(good)
            swapped[one], swapped[two] = good[two], good[one]
            lines.add(
                f"{length} blocks: {one} and {two} swapped",
                _joined(*swapped),
                _bad(0, "aud") if one == 0 else _unsigned(one),
            )
    for length in (11, 16):
        lines.add(f"{length} blocks: control", chain(length))
    return SHARED, lines


def _texts_family() -> tuple[Case, list[Case]]:
    """The text around the blocks: version, dots, alphabet, padding, spare bits, lengths."""
    lines = Lines()
    good = chain(2)
    malformed = refused("delegation_malformed")
    lines.add("control", good)
    for prefix, code in (("dlg2", "unsupported_version"), ("dlg", "unsupported_version"), ("dlg1x", "unsupported_version"),
                         ("DLG1", "delegation_malformed"), ("", "delegation_malformed"), (" dlg1", "delegation_malformed"),
                         ("eyJ", "delegation_malformed")):  # fmt: skip
        lines.add(f"begins with {prefix!r}", prefix + good[4:], refused(code))
    for what, text in (("nothing", ""), ("the version alone", "dlg1"), ("a dot", "dlg1."), ("a payload alone", good.rsplit(".", 1)[0]),
                       ("a dot after", good + "."), ("one part more", good + ".AA")):  # fmt: skip
        lines.add(what, text, malformed)
    first, *rest = _blocks(good)
    payload, signature = first.split(".")
    wounds = {
        "padded": "=",
        "a space": " ",
        "a newline": "\n",
        "a character of base64": "+",
        "not ASCII": "\u00e9",
    }
    for what, more in wounds.items():
        lines.add(f"payload: {what}", _joined(f"{payload}{more}.{signature}", *rest), _bad(0, "payload"))
        lines.add(f"signature: {what}", _joined(f"{payload}.{signature}{more}", *rest), _bad(0, "signature"))
        lines.add(f"last signature: {what}", good + more, _bad(1, "signature"))
    spare = signature[:-1] + chr(ord(signature[-1]) + 1)
    lines.add("signature: spare bits", _joined(f"{payload}.{spare}", *rest), _bad(0, "signature"))
    for size in (0, 1, 32, 63, 65, 96):
        wound = b64url_encode(bytes(size))
        lines.add(f"signature of {size} bytes", _joined(f"{payload}.{wound}", *rest), _bad(0, "signature"))
    lines.add("signature of zeros", _joined(f"{payload}.{b64url_encode(bytes(64))}", *rest), _unsigned(0))
    lines.add("empty payload", _joined(f".{signature}", *rest), _bad(0, None))
    for what, bad, code in (("an array", "[]", "delegation_malformed"), ("no JSON", "{", "delegation_malformed"),
                            ("a space", ascii_json(root()).replace(':"acme"', ': "acme"'), "non_canonical"),
                            ("an escape", ascii_json(root()).replace('"acme"', '"\\u0061cme"'), "non_canonical"),
                            ("bytes after", ascii_json(root()) + "x", "delegation_malformed"),
                            ("an object after", ascii_json(root()) + "{}", "delegation_malformed"),
                            ("65 levels", '{"a":' * 65 + "1" + "}" * 65, "too_large"),
                            ("an integer too far", ascii_json(root(iat=2**53)), "delegation_malformed")):  # fmt: skip
        lines.add(f"payload: {what}", text_of(bad, child()), _bad(0, None, code))
        lines.add(f"payload of block 1: {what}", text_of(root(), bad), _bad(1, None, code))
    return SHARED, lines


# --- borders ---------------------------------------------------------------------------------------


def _limits_family() -> tuple[Case, list[Case]]:
    """Each limit met, and passed by one."""
    lines = Lines()
    lines.add("16 blocks", chain(16))
    lines.add("17 blocks", _joined(*_blocks(chain(16)), *_blocks(chain(1))), refused("too_large"))
    for name, index in (("iss", 0), ("sub", 0), ("sub", 1)):
        put = root if index == 0 else full_child
        good = OK if name == "sub" else refused("untrusted_root", block=0, field="iss")
        lines.add(f"{name}: 128", _put(index, put(**{name: "a" * 128})), good)
        lines.add(f"{name}: 129", _put(index, put(**{name: "a" * 129})), _bad(index, name))
    for name, index in (("root", 0), ("why", 0), ("why", 1), ("kid", 0)):
        put = root if index == 0 else full_child
        good = OK if name != "kid" else refused("untrusted_root", block=0, field="kid")
        lines.add(f"{name}: 256", _put(index, put(**{name: "a" * 256})), good)
        lines.add(f"{name}: 257", _put(index, put(**{name: "a" * 257})), _bad(index, name, "too_large"))
        lines.add(
            f"{name}: 129 of two bytes",
            _put(index, put(**{name: "\u00e9" * 129})),
            _bad(index, name, "too_large"),
        )
        lines.add(f"{name}: hidden", _put(index, put(**{name: "a\u200bb"})), _bad(index, name))
    for name in ("iat", "exp"):
        lines.add(f"{name}: 10^11", _put(0, root(**{name: 10**11})), _bad(0, name))
    lines.add("exp: 10^11 - 1", _put(0, root(exp=10**11 - 1)), refused("widened", block=0, field="exp"))
    for exp in (NOW, NOW - 1):
        lines.add("exp not after iat", _put(0, root(exp=exp)), _bad(0, "exp"))
        lines.add("exp not after iat", _put(1, full_child(exp=exp)), _bad(1, "exp"))
    for dep in (0, 15):
        lines.add(f"dep: {dep}", text_of(root(dep=dep)))
    lines.add("dep: 16", text_of(root(dep=16)), _bad(0, "dep"))
    origins = sorted([ORIGIN, *(f"https://a{number:02}.example" for number in range(16))])
    wide = trust(audiences=origins)
    lines.add("aud: 16", text_of(root(aud=origins[1:])), trust=wide)
    lines.add("aud: 17", text_of(root(aud=origins)), _bad(0, "aud"), trust=wide)
    lines.add("aud: unsorted", text_of(root(aud=[OTHER_ORIGIN, ORIGIN])), _bad(0, "aud", "non_canonical"))
    lines.add("aud: repeated", text_of(root(aud=[ORIGIN, ORIGIN])), _bad(0, "aud", "non_canonical"))
    for aud in (
        ORIGIN + "/",
        ORIGIN.upper(),
        "http://api.example.com",
        ORIGIN + ":443",
        "*",
        "api.example.com",
    ):
        lines.add("aud: no origin", text_of(root(aud=[aud])), _bad(0, "aud"))
    for size in (11, 13, 0):
        lines.add(f"n: {size} bytes", text_of(root(n=b64url_encode(bytes(size)))), _bad(0, "n"))
    everything = trust(ceiling="unrestricted")
    for size, expect in ((16_384, OK), (16_386, refused("too_large"))):
        lines.add(f"{size} characters", _of_size(size), expect, trust=everything)
    return SHARED, lines


def _of_size(size: int) -> str:
    """A token of one block and exactly ``size`` characters."""
    tools = [f"{number:03}{'a' * 125}" for number in range(89)]
    payload = (size - len("dlg1..") - 86) * 3 // 4
    empty = len(ascii_json(root(sc={"max_risk": "low", "tools": tools}, why="")))
    return text_of(root(sc={"max_risk": "low", "tools": tools}, why="a" * (payload - empty)))


def _times_family() -> tuple[Case, list[Case]]:
    """Each border of time, from both sides, at every depth where it may matter."""
    lines = Lines()
    future, over = "delegation_not_yet_valid", "delegation_expired"
    for skew in (0, 5, 30):
        for now, expect in ((NOW - skew, OK), (NOW - skew - 1, refused(future, block=0, field="iat"))):
            lines.add(f"skew {skew}: {now - NOW} s from iat", chain(1), expect, now=now, skew=skew)
        for now, expect in ((NOW + 599, OK), (NOW + 600, refused(over, block=0, field="exp"))):
            lines.add(f"skew {skew}: {now - NOW} s from iat", chain(1), expect, now=now, skew=skew)
    for length in (2, 3, 4, 11):
        for index in range(1, length):
            if length == 11 and index not in {1, 5, 10}:
                continue
            blocks = [root(dep=15, sc=LITTLE), *(child(number) for number in range(1, length))]
            blocks[index]["exp"] = NOW + 60
            for now, expect in ((NOW + 59, OK), (NOW + 60, refused(over, block=index, field="exp"))):
                lines.add(
                    f"block {index} of {length}: {now - NOW} s from iat", text_of(*blocks), expect, now=now
                )
        chain_text = chain(length)
        lines.add(
            f"block 0 of {length} has expired", chain_text, refused(over, block=0, field="exp"), now=NOW + 600
        )
        for index in range(1, length):
            blocks = [
                root(dep=15, sc=LITTLE),
                *(child(number, iat=NOW + (10 if number >= index else 0)) for number in range(1, length)),
            ]
            for now, expect in ((NOW + 5, OK), (NOW + 4, refused(future, block=index, field="iat"))):
                lines.add(
                    f"block {index} of {length} issued 10 s later, at {now - NOW}",
                    text_of(*blocks),
                    expect,
                    now=now,
                )
    return SHARED, lines


def _narrowing_family() -> tuple[Case, list[Case]]:
    """Each respect in which a block may narrow: equal, less and more than its parent states."""
    lines = Lines()
    two = trust(audiences=[ORIGIN, OTHER_ORIGIN])
    value: Any

    def add(what: str, first: Members, second: Members, expect: Any = OK, **more: Any) -> None:
        lines.add(what, text_of(first, second), expect, **more)

    def wider(field: str) -> Case:
        return refused("widened", block=1, field=field)

    add("iat before the parent's", root(), child(iat=NOW - 1), wider("iat"))
    add("iat of the parent", root(), child(iat=NOW))
    for exp, expect in ((NOW + 599, OK), (NOW + 600, OK), (NOW + 601, wider("exp"))):
        add(f"exp {exp - NOW} under 600", root(), child(exp=exp), expect)
    for dep, expect in ((0, OK), (2, OK), (3, wider("dep")), (15, wider("dep"))):
        add(f"dep {dep} under 3", root(), child(dep=dep), expect)
    add("a block under dep 0", root(dep=0), child(), refused("depth_exceeded", block=1, field="dep"))
    add(
        "a block that states dep 0 under dep 0",
        root(dep=0),
        child(dep=0),
        refused("depth_exceeded", block=1, field="dep"),
    )
    lines.add(
        "dep runs out",
        text_of(root(dep=1), child(1), child(2)),
        refused("depth_exceeded", block=2, field="dep"),
    )
    lines.add(
        "dep runs out of a block's own",
        text_of(root(), child(1, dep=0), child(2)),
        refused("depth_exceeded", block=2, field="dep"),
    )
    add("aud: one more", root(), child(aud=[ORIGIN, OTHER_ORIGIN]), wider("aud"))
    add("aud: another", root(), child(aud=[OTHER_ORIGIN]), wider("aud"))
    both = root(aud=[ORIGIN, OTHER_ORIGIN])
    add("aud: the same two", both, child(aud=[ORIGIN, OTHER_ORIGIN]), trust=two)
    add("aud: one of two", both, child(aud=[ORIGIN]), trust=two)
    add(
        "aud: the other of two",
        both,
        child(aud=[OTHER_ORIGIN]),
        refused("audience_mismatch", block=1, field="aud"),
        trust=two,
    )
    add("sc: the same", root(), child(sc=SCOPE))
    add("sc: narrower", root(), child(sc=NARROW))
    for part, value, field in (
        ("tools", ["orders.delete"], "tools"),
        ("operations", ["read", "write"], "operations"),
        ("sensitivities", ["personal", "secret"], "sensitivities"),
        ("max_risk", "critical", "max_risk"),
        ("resources", {"db": {"exact": ["x"]}}, "resources.db"),
        ("resources", {"file": {"path": ["/**"]}}, "resources.file"),
        ("resources", {"file": {"exact": ["/data/a"]}}, "resources.file"),
    ):
        add(f"sc: {part} {value}", root(), child(sc=SCOPE | {part: value}), wider(field))
    for part, value, code, field in (("tools", [], "non_canonical", "tools"), ("tools", ["b", "a"], "non_canonical", "tools"),
                                     ("max_risk", "MEDIUM", "delegation_malformed", "max_risk"),
                                     ("resources", {"file": {"path": ["/data/../etc"]}}, "delegation_malformed", "resources.file"),
                                     ("x", 1, "delegation_malformed", "x")):  # fmt: skip
        add(f"sc: {part} {value}", root(), child(sc=SCOPE | {part: value}), _bad(1, field, code))
    lines.add(
        "widened past a block that narrowed",
        text_of(root(), child(1, sc=NARROW), child(2), child(3, sc=SCOPE)),
        refused("widened", block=3, field="tools"),
    )
    lines.add(
        "A to B to A",
        text_of(
            root(),
            child(1),
            child(2, sub="agent-0", key=KEYS[0].public_key.text),
            child(3),
            keys=(ISSUER, KEYS[0], KEYS[1], KEYS[0]),
        ),
    )
    lines.add(
        "A to A, narrower", text_of(root(), child(1, sub="agent-0", key=KEYS[0].public_key.text, sc=NARROW))
    )
    lines.add(
        "the issuer's key as holder",
        text_of(root(key=ISSUER.public_key.text), child(), keys=(ISSUER, ISSUER)),
    )
    return SHARED, lines


def _trust_family() -> tuple[Case, list[Case]]:
    """What the issuer's record bounds, and a key's service, border by border."""
    lines = Lines()
    good = chain(1, sc=SCOPE)

    def ceiling(field: str) -> Case:
        return refused("widened", block=0, field=field)

    def key(what: str, expect: Any, now: int = NOW, **record: Any) -> None:
        lines.add(what, good, expect, now=now, trust=trust(key=record))

    lines.add("control", good)
    lines.add(
        "nobody trusted",
        good,
        refused("untrusted_root", block=0, field="iss"),
        trust={"version": 1, "issuers": {}},
    )
    lines.add("another issuer", text_of(root(iss="acme2")), refused("untrusted_root", block=0, field="iss"))
    lines.add(
        "the name in upper case", text_of(root(iss="ACME")), refused("untrusted_root", block=0, field="iss")
    )
    lines.add(
        "a stranger's chain",
        text_of(root(kid=STRANGER.key_id), keys=(STRANGER,)),
        refused("untrusted_root", block=0, field="kid"),
    )
    lines.add("a stranger's chain under our key id", text_of(root(), keys=(STRANGER,)), _unsigned(0))
    for kid in (
        "../../etc/passwd",
        "https://evil.example/jwks",
        "*",
        "' OR 1=1 --",
        ISSUER.key_id[:-1],
        "a" * 256,
    ):
        lines.add(f"kid {kid:.20}", text_of(root(kid=kid)), refused("untrusted_root", block=0, field="kid"))
    value: Any
    for name, value, field in (("max_ttl", 599, "exp"), ("max_depth", 14, "dep"), ("audiences", [OTHER_ORIGIN], "aud"),
                               ("ceiling", NARROW, "tools"), ("ceiling", SCOPE | {"max_risk": "medium"}, "max_risk"),
                               ("ceiling", {n: v for n, v in SCOPE.items() if n != "resources"}, "resources.file")):  # fmt: skip
        lines.add(f"{name}: less", good, ceiling(field), trust=trust(**{name: value}))
    lines.add("ceiling: unrestricted", good, trust=trust(ceiling="unrestricted"))
    lines.add("max_ttl: equal", good, trust=trust(max_ttl=600))
    revoked = "key_revoked"
    for usage in ("request", "response", "revoke", "approve", "checkpoint"):
        key(f"usage {usage}", refused("key_purpose", field="usages"), usages=[usage])
    key("both usages", OK, usages=["issue", "request"], allow_issue_and_request=True)
    key("not_before = iat", OK, not_before=NOW)
    key("not_before after iat", refused(revoked, field="not_before"), not_before=NOW + 1)
    key("not_after = iat", refused(revoked, field="not_after"), not_after=NOW)
    key("not_after after iat", OK, not_after=NOW + 1)
    key("retired at iat", refused(revoked, field="retired_at"), status="retired", retired_at=NOW)
    key("retired after iat", OK, status="retired", retired_at=NOW + 1)
    key("retired, and a last second", OK, NOW + 599, status="retired", retired_at=NOW + 1)
    key("repudiated", refused(revoked, field="status"), status="repudiated")
    holder = {"key": KEYS[0].public_key.text, "usages": ["request"], "not_before": 0, "status": "repudiated"}
    lines.add(
        "a holder's key is repudiated",
        chain(2),
        refused(revoked, block=0, field="key"),
        trust=trust(more=(holder,)),
    )
    lines.add(
        "the issuer has another key, repudiated",
        good,
        trust=trust(more=(holder | {"key": STRANGER.public_key.text},)),
    )
    retired = trust(max_ttl=60, key={"status": "retired", "retired_at": NOW + 1})
    short = text_of(root(exp=NOW + 60))
    lines.add("retired, within max_ttl", short, now=NOW + 59, trust=retired)
    lines.add(
        "retired, max_ttl later", short, refused(revoked, field="retired_at"), now=NOW + 61, trust=retired
    )
    lines.add("another origin", good, refused("audience_mismatch", block=0, field="aud"), origin=OTHER_ORIGIN)
    for origin in (
        "https://api.example.com.evil.example",
        "http://api.example.com",
        "https://api.example.com:8443",
    ):
        lines.add(
            "a look-alike origin", good, refused("audience_mismatch", block=0, field="aud"), origin=origin
        )
    lines.add(
        "no list, and one is demanded",
        good,
        refused("revocation_unavailable"),
        trust=trust(revocation="required"),
    )
    lines.add(
        "signatures before time",
        _joined(*_blocks(chain(2))[:1], *_blocks(chain(2, why="x"))[1:]),
        _unsigned(1),
        now=NOW + 10_000,
    )
    return SHARED, lines


def _algorithms_family() -> tuple[Case, list[Case]]:
    """Keys of both algorithms in every place, weak keys, and signatures of the other one."""
    lines = Lines()
    p_issuer = p256.KEYS[1]
    for first in (ISSUER, p_issuer):
        for second in (KEYS[0], PKEY):
            for third in (KEYS[1], p256.KEYS[2]):
                file = trust(key={"key": first.public_key.text})
                blocks = root(kid=first.key_id, key=second.public_key.text), child(key=third.public_key.text)
                lines.add("control", text_of(*blocks, keys=(first, second)), trust=file)
                wrong = PKEY if second is KEYS[0] else KEYS[0]
                lines.add(
                    "signed by the other algorithm",
                    text_of(*blocks, keys=(first, wrong)),
                    _unsigned(1),
                    trust=file,
                )
    text = text_of(root(key=PKEY.public_key.text), child(), keys=(ISSUER, PKEY))
    head, _, signature = text.rpartition(".")
    raw = b64url_decode(signature)
    r, s = p256.split(raw)
    lines.add("P-256: low s", text)
    for what, wound in (("high s", p256.other_s(raw)), ("r = 0", p256.join(0, s)), ("s = 0", p256.join(r, 0)),
                        ("zeros", bytes(64)), ("s = n", p256.join(r, p256.N))):  # fmt: skip
        lines.add(f"P-256: {what}", f"{head}.{b64url_encode(wound)}", _unsigned(1))
    for raw_key in (
        bytes(32),
        (1).to_bytes(32, "little"),
        (2**255 - 20).to_bytes(32, "little"),
        b"\xff" * 32,
    ):
        weak = "ed25519:" + b64url_encode(raw_key)
        lines.add("a small-order holder", _put(0, root(key=weak)), _bad(0, "key", "key_weak"))
        lines.add("a small-order holder", _put(1, full_child(key=weak)), _bad(1, "key", "key_weak"))
    off = "p256:" + b64url_encode(b"\2" + (1).to_bytes(32, "big"))
    lines.add("a point off the curve", _put(1, full_child(key=off)), _bad(1, "key", "key_weak"))
    for word in ("none", "HS256", "EdDSA", "rsa", "Ed25519", ""):
        other = word + ":" + KEYS[0].public_key.text.partition(":")[2]
        lines.add(f"key of {word!r}", _put(1, full_child(key=other)), _bad(1, "key", "alg_not_allowed"))
    return SHARED, lines


def _cases() -> Iterator[Case]:
    """Good chains of many lengths."""
    for length in (1, 2, 3, 4, 8, 11, 16):
        yield SHARED | {"name": f"{length}-blocks", "expect": OK, "what": "a good chain", "token": chain(length),
                        "result": {"path": [f"agent-{index}" for index in range(length)], "expires_at": NOW + 600,
                                   "audience": [ORIGIN]}}  # fmt: skip


def subject() -> Subject:
    """The vectors of this page."""
    families = {
        "members": _members_family(),
        "blocks": _blocks_family(),
        "texts": _texts_family(),
        "limits": _limits_family(),
        "times": _times_family(),
        "narrowing": _narrowing_family(),
        "trust": _trust_family(),
        "algorithms": _algorithms_family(),
    }
    return Subject(name="token", cases=named(_cases()) | promoted(families, 12), families=families)
