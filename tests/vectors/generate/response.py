"""Answers to one request: every component, parameter and header of them (docs/spec/response.md)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any, Final

from tests.support import p256
from tests.support.answer import CONTENT, COVERED, SERVER_KEY, WireAnswer, answer_parameters, sign_answer
from tests.support.wire import Wire, digest_of
from tests.vectors.case import OK, Case, Subject, b64, promoted, refused
from tests.vectors.generate.requests import SERVER, baseline, signed, without
from tests.vectors.generate.world import ED, NOW, PKEY, SEEDS, STRANGER

REQUEST: Final = signed()
_INPUT: Final = "signature-input"
SHARED: Final[Case] = {
    "op": "response",
    "seeds": SEEDS | {"server": b"a server's answers".ljust(32).hex()},
    "server": SERVER,
    "now": NOW,
    "keys": [SERVER_KEY.public_key.text],
}


def _request(wire: Wire) -> Case:
    return {
        "method": wire.method,
        "path": wire.path,
        "query": wire.query,
        "headers": [list(line) for line in wire.headers],
        "body": b64(wire.body),
    }


class _Lines(list[Case]):
    def add(
        self, what: str, answer: WireAnswer, expect: Any = OK, *, to: Wire | None = None, **more: Any
    ) -> None:
        sent = {
            "status": answer.status,
            "headers": [list(line) for line in answer.headers],
            "body": b64(answer.body),
        }
        asked = {} if to is None else {"request": _request(to)}
        self.append({"expect": expect, "what": what, "response": sent, **asked, **more})


def _no(code: str, component: str | None = None) -> Case:
    return refused(code, component=component)


def _good(answer: WireAnswer | None = None, **options: Any) -> WireAnswer:
    return sign_answer(answer, REQUEST, **options)


def _components() -> _Lines:
    """Every component dropped, doubled, given a parameter; others added."""
    lines = _Lines()
    lines.add("control", _good())
    items = COVERED.split()
    for item in items:
        others = " ".join(each for each in items if each != item)
        name = item.replace('"', "", 2) if ";req" in item else item.strip('"')
        needed = ";req" in item or name in {"@status", "content-digest"}
        expect = _no("component_missing" if needed else "header_not_covered", name)
        lines.add(f"{name} not covered", _good(components=others), expect)
        lines.add(f"{name} twice", _good(components=f"{COVERED} {item}"), _no("component_duplicate", name))
        lines.add(f"{name} last", _good(components=f"{others} {item}"))
    lines.add("a further field", _good(components=f'{COVERED} "server"'))
    lines.add(
        "a further field that is absent",
        _good(components=f'{COVERED} "x-a"'),
        _no("component_missing", "x-a"),
    )
    return lines


def _parameters() -> _Lines:
    """Every parameter dropped, doubled, moved, renamed, retyped; others added."""
    lines = _Lines()
    lines.add("control", _good())
    good = [f";{part}" for part in answer_parameters()[1:].split(";")]
    for index, part in enumerate(good):
        name = part[1:].partition("=")[0]
        others = good[:index] + good[index + 1 :]
        gone = _no("signature_missing", _INPUT) if name == "tag" else _no("param_missing", name)
        lines.add(f"no {name}", _good(params="".join(others)), gone)
        lines.add(f"{name} last", _good(params="".join([*others, part])))
        lines.add(f"{name} twice", _good(params="".join([*good, part])), _no("param_malformed", name))
    for name, value in (
        ("created", "-1"),
        ("created", '"1"'),
        ("keyid", "k"),
        ("alg", "1"),
        ("created", "1.0"),
    ):
        lines.add(
            f"{name} is {value}",
            _good(None, params=answer_parameters(**{name: value})),
            _no("param_malformed", name),
        )
    for name in ("expires=1", 'nonce="a"', "x"):
        more = answer_parameters() + ";" + name
        lines.add(f"{name} added", _good(params=more), _no("param_malformed", name.partition("=")[0]))
    lines.add("created in milliseconds", _good(created="1795175603000"), _no("timestamp_unit", "created"))
    lines.add("created long ago", _good(created="1"))
    for alg, code in (
        ("none", "alg_not_allowed"),
        ("hmac-sha256", "alg_not_allowed"),
        ("ecdsa-p256-sha256", "alg_key_mismatch"),
    ):
        lines.add(f"alg {alg}", _good(alg=f'"{alg}"'), _no(code, "alg"))
    lines.add("the tag of requests", _good(tag='"delegate-v1"'), _no("signature_missing", _INPUT))
    return lines


def _on_the_way() -> _Lines:
    """One thing of a signed answer, or of what it answers, changed; who signed it."""
    lines = _Lines()
    good, invalid = _good(), _no("signature_invalid")
    lines.add("control", good)
    lines.add("another status", replace(good, status=201), invalid)
    lines.add("no signature", good.without_header("signature"), _no("signature_missing", "signature"))
    lines.add("no signature input", good.without_header(_INPUT), _no("signature_missing", _INPUT))
    for name in ("content-type", "content-encoding", "location", "content-digest"):
        lines.add(f"{name} dropped", good.without_header(name), _no("component_missing", name))
        lines.add(f"{name} changed", good.with_header(name, "x"), invalid)
    lines.add("server changed", good.with_header("server", "x"))
    for body in (b"", CONTENT + b" ", CONTENT[:-1]):
        lines.add(
            f"{len(body)} bytes of content",
            replace(good, body=body),
            _no("digest_mismatch", "content-digest"),
        )
    other = _good(WireAnswer().with_header("content-digest", digest_of(b"other")))
    lines.add("a digest of other content", other, _no("digest_mismatch", "content-digest"))
    again = signed(nonce='"AAAAAAAAAAAAAAAAAAAAAA"')
    lines.add("the answer to the same request, signed again", good, invalid, to=again)
    for what, wire in (
        ("path", replace(REQUEST, path="/v1/other")),
        ("query", replace(REQUEST, query="")),
        ("method", replace(REQUEST, method="PUT")),
    ):
        lines.add(f"the answer to another {what}", good, invalid, to=wire)
    unknown = _no("key_unknown", "keyid")
    for what, key in (("a stranger", STRANGER), ("the agent that asked", ED)):
        lines.add(f"signed by {what}", _good(key=key, keyid=f'"{key.key_id}"'), unknown)
        lines.add(f"signed by {what} under the server's id", _good(key=key), invalid)
    lines.add("no keys of that origin", good, unknown, keys=[STRANGER.public_key.text])
    signed_p256 = _good(key=PKEY, keyid=f'"{PKEY.key_id}"', alg='"ecdsa-p256-sha256"')
    raw = b64decode(dict(signed_p256.headers)["signature"].partition("=")[2].strip(":"))
    both = [PKEY.public_key.text]
    lines.add("P-256", signed_p256, keys=both)
    for what, wound, expect in (("high s", p256.other_s(raw), OK), ("zeros", bytes(64), invalid)):
        value = f"srv=:{b64encode(wound).decode()}:"
        lines.add(f"P-256: {what}", signed_p256.with_header("signature", value), expect, keys=both)
    return lines


def _without_content() -> _Lines:
    """Answers to HEAD and with 204 and 304: whether a digest is covered, and whether a body came all the same."""
    lines = _Lines()
    undigested = COVERED.removesuffix(' "content-digest"')
    head = signed(replace(baseline(body=b""), method="HEAD"))
    for what, status, to in (("HEAD", 200, head), ("204", 204, REQUEST), ("304", 304, REQUEST)):
        for covered, components in (("covered", COVERED), ("not covered", undigested)):
            empty = sign_answer(WireAnswer(status=status, body=b""), to, components=components)
            lines.add(f"{what}, a digest {covered}", empty, to=to)
            lines.add(
                f"{what}, a digest {covered}, and a body",
                replace(empty, body=CONTENT),
                _no("body_unexpected", "content-digest"),
                to=to,
            )
    for status in (200, 205):
        empty = WireAnswer(status=status, body=b"").with_header("content-digest", digest_of(b""))
        lines.add(f"{status} with no bytes", _good(empty))
        lines.add(
            f"{status} with no bytes and no digest",
            _good(empty, components=undigested),
            _no("component_missing", "content-digest"),
        )
    return lines


def _unsupported() -> _Lines:
    """Components that answers do not have."""
    lines = _Lines()
    lines.add("control", _good())
    for item in (
        *('"@method"', '"@authority"', '"@path"', '"@query"', '"@target-uri"', '"@signature-params"'),
        *(
            '"@status";req',
            '"content-type";req',
            '"signature";req',
            '"@path";req;key="dlg"',
            '"@target-uri";req',
        ),
        *(
            '"signature";req;key="sig1"',
            '"signature";key="dlg";req',
            '"signature";req;key=dlg',
            '"server";sf',
        ),
        *('"@path";req;sf', '"server";bs', '"content-digest";tr', '"server"; req', '"server";req=?1'),
    ):
        name = item.split('"')[1]
        lines.add(
            f"{item} covered", _good(components=f"{COVERED} {item}"), _no("component_unsupported", name)
        )
    bodiless = signed(replace(baseline(), method="GET", body=b""), components=without("content-digest"))
    lines.add(
        "a digest that the request does not cover",
        sign_answer(None, bodiless),
        _no("component_unsupported", "content-digest"),
        to=bodiless,
    )
    others = COVERED.replace(' "content-digest";req', "")
    lines.add("no digest in the request", sign_answer(None, bodiless, components=others), to=bodiless)
    return lines


def _first_of_two() -> _Lines:
    """Two wounds in one answer, and the one that is named."""
    lines = _Lines()
    lines.add("control", _good())
    for what, more, name in (
        ("a component twice around a stranger", '"x" "@z" "x"', "x"),
        ("two components twice", '"y" "y" "x" "x"', "y"),
    ):
        lines.add(what, _good(components=f"{COVERED} {more}"), _no("component_duplicate", name))
    few = COVERED.replace('"@status" ', "").replace('"@path";req ', "")
    lines.add("two components missing", _good(components=few), _no("component_missing", "@path;req"))
    open_ = COVERED.replace(' "content-type" "content-encoding"', "")
    lines.add("two headers open", _good(components=open_), _no("header_not_covered", "content-type"))
    twice = _good().with_line("x-b", "1").with_line("location", "/").with_line("content-digest", "")
    lines.add("two headers twice", twice, _no("header_duplicate", "content-digest"))
    params = answer_parameters()
    for what, text, name in (
        ("a parameter twice around a stranger", params + ';x;alg="ed25519"', "alg"),
        ("a stranger before a parameter twice", ";x" + params + ';alg="ed25519"', "x"),
        ("the tag of requests first", ';tag="delegate-v1"' + params + ";x", "tag"),
    ):
        lines.add(what, _good(params=text), _no("param_malformed", name))
    none = _good(created="1000000000000000").with_header("signature", "srv=:AA==:")
    lines.add(
        "no structured field, and a signature of one byte", none, _no("signature_input_malformed", _INPUT)
    )
    return lines


def subject() -> Subject:
    """The vectors of this page."""
    makers = (_components, _parameters, _on_the_way, _without_content, _unsupported, _first_of_two)
    families: dict[str, tuple[Case, list[Case]]] = {
        make.__name__.strip("_").replace("_", "-"): (SHARED | {"request": _request(REQUEST)}, make())
        for make in makers
    }
    return Subject(name="response", cases=promoted(families, 8), families=families)
