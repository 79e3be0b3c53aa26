"""Requests: every component, parameter, header, border and state of a server (docs/spec/verification.md).

A wounded request is signed correctly after it was wounded, so that the signature is not what refuses it;
where a family changes a request on its way, it says so.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any, Final

from delegate.encoding import b64url_encode
from delegate.keys import Purpose
from tests.support import p256
from tests.support.forge import KEYS
from tests.support.wire import BODY, COMPONENTS, NONCE, base_of, digest_of
from tests.vectors.case import OK, Case, Subject, promoted, refused
from tests.vectors.generate.requests import (
    AGENT,
    SERVER,
    SHARED,
    SMALL,
    TOKEN,
    Lines,
    baseline,
    params,
    signed,
    without,
)
from tests.vectors.generate.token import child, root, text_of
from tests.vectors.generate.world import ISSUER, NOW, ORIGIN, OTHER_ORIGIN, PKEY, STRANGER, trust

_INPUT: Final = "signature-input"


def _no(code: str, step: int, component: str | None = None, **more: Any) -> Case:
    """A refusal at a step; of a malformed Signature-Input the step depends on how one splits it."""
    if code == "signature_input_malformed":
        return refused(code, component=component, **more)
    return refused(code, component=component, step=step, **more)


def _components() -> Lines:
    """Every component dropped, doubled, given a parameter, respelled, absent; strangers added; the limit."""
    lines = Lines()
    lines.add("control", signed())
    items = COMPONENTS.split()
    for item in items:
        name = item.strip('"')
        always = name in {"@method", "@authority", "@path", "@query", "agent-identity", "content-digest"}
        expect = _no("component_missing" if always else "header_not_covered", 3, name)
        lines.add(f"{name} not covered", signed(components=without(name)), expect)
        lines.add(
            f"{name} twice", signed(components=f"{COMPONENTS} {item}"), _no("component_duplicate", 3, name)
        )
        for parameter in ("sf", "bs", "req", "tr", 'key="a"', 'name="a"'):
            with_parameter = COMPONENTS.replace(item, f"{item};{parameter}")
            lines.add(
                f"{name};{parameter}",
                signed(components=with_parameter),
                _no("component_unsupported", 3, name),
            )
        if name[1:] != name[1:].upper():
            upper = COMPONENTS.replace(item, item.upper())
            lines.add(
                f"{name} in upper case", signed(components=upper), _no("signature_input_malformed", 3, _INPUT)
            )
        last = f"{without(name)} {item}"
        lines.add(f"{name} last", signed(components=last))
        for what, wrong in (("half of its quotes", f'"{name}'), ("quotes", name)):
            unquoted = COMPONENTS.replace(item, wrong)
            lines.add(
                f"{name} without {what}",
                signed(components=unquoted),
                _no("signature_input_malformed", 3, _INPUT),
            )
    for name in ("@target-uri", "@scheme", "@request-target", "@status", "@query-param", "@foo", "@"):
        code = ("component_unsupported", name) if name != "@" else ("signature_input_malformed", _INPUT)
        lines.add(f"{name} covered", signed(components=f'{COMPONENTS} "{name}"'), _no(code[0], 3, code[1]))
    for name in ("created", "x-absent", "signature-params", "authorization"):
        lines.add(
            f"{name} covered and absent",
            signed(components=f'{COMPONENTS} "{name}"'),
            _no("component_missing", 7, name),
        )
    lines.add("a further field", signed(components=f'{COMPONENTS} "accept"'))
    lines.add("nothing covered", signed(components=""), _no("component_missing", 3, "@authority"))
    more = [f'"x-{number}"' for number in range(17)]
    with_headers = replace(
        baseline(), headers=(*baseline().headers, *((f"x-{number}", "a") for number in range(17)))
    )
    lines.add("24 components", signed(with_headers, components=" ".join([*items, *more[:16]])))
    lines.add(
        "25 components",
        signed(with_headers, components=" ".join([*items, *more])),
        _no("signature_input_malformed", 3, _INPUT),
    )
    for what, text in (
        ("a tab", COMPONENTS.replace(" ", "\t", 1)),
        ("a comma", COMPONENTS.replace(" ", ", ", 1)),
    ):
        lines.add(f"{what} between", signed(components=text), _no("signature_input_malformed", 3, _INPUT))
    for what, text in (
        ("two spaces", COMPONENTS.replace(" ", "  ", 1)),
        ("a space first", " " + COMPONENTS),
        ("a space last", COMPONENTS + " "),
    ):
        lines.add(what, signed(components=text), _no("signature_input_malformed", 3, _INPUT))
    return lines


_PARAMETER_VALUES: Final = {
    "created": (
        "",
        "-1",
        "1795175603.0",
        '"1795175603"',
        "01795175603",
        "1_795_175_603",
        "?1",
        ":AA==:",
        "0x6b0",
        "1e9",
    ),
    "expires": ("", "-1", "1795175663.5", '"1795175663"', "01795175663", "?0", "x"),
    "nonce": ("", NONCE, "1", ":AAECAwQFBgcICQoLDA0ODw==:", "?1"),
    "keyid": ("", "k", "1", ":AA==:"),
    "alg": ("", "ed25519", "1", ":AA==:"),
}
_NOT_EVEN_FIELDS: Final = {"", "1_795_175_603", "0x6b0", "1e9"}


def _parameters() -> Lines:
    """Every parameter dropped, doubled, moved, renamed, retyped; strangers added; every form of the values."""
    lines = Lines()
    lines.add("control", signed())
    good = [f";{part}" for part in params()[1:].split(";")]
    for index, part in enumerate(good):
        name = part[1:].partition("=")[0]
        others = good[:index] + good[index + 1 :]
        tag = name == "tag"
        missing = _no("signature_missing", 2, _INPUT) if tag else _no("param_missing", 3, name)
        lines.add(f"no {name}", signed(params="".join(others)), missing)
        lines.add(f"{name} last", signed(params="".join([*others, part])))
        lines.add(f"{name} first", signed(params="".join([part, *others])))
        lines.add(f"{name} twice", signed(params="".join([*good, part])), _no("param_malformed", 3, name))
        renamed = part.replace(name, name + "x", 1)
        unknown = _no("signature_missing", 2, _INPUT) if tag else _no("param_malformed", 3, name + "x")
        lines.add(f"{name}x", signed(params="".join([*good[:index], renamed, *good[index + 1 :]])), unknown)
        for value in _PARAMETER_VALUES.get(name, ()):
            changed = "".join([*good[:index], f";{name}={value}", *good[index + 1 :]])
            expect = _no("param_malformed", 3, name)
            if value in _NOT_EVEN_FIELDS:
                expect = _no("signature_input_malformed", 3, _INPUT)
            lines.add(f"{name} is {value}", signed(params=changed), expect)
    for name in ("foo=1", "foo", 'method="POST"', "a=:AA==:"):
        lines.add(
            f"{name} added",
            signed(params=params() + f";{name}"),
            _no("param_malformed", 3, name.partition("=")[0]),
        )
    lines.add(
        "a space between",
        signed(params=params().replace(";expires", "; expires")),
        _no("param_malformed", 3, _INPUT),
    )
    for digits in ("179517560300", "1795175603000", "179517560300000"):
        lines.add(
            f"created of {len(digits)} digits", signed(created=digits), _no("timestamp_unit", 3, "created")
        )
        lines.add(
            f"expires of {len(digits)} digits", signed(expires=digits), _no("timestamp_unit", 3, "expires")
        )
    lines.add("created of 16 digits", signed(created="9" * 16), _no("signature_input_malformed", 3, _INPUT))
    for alg in (
        "none",
        "",
        "EdDSA",
        "Ed25519",
        "hmac-sha256",
        "rsa-v1_5-sha256",
        "rsa-pss-sha512",
        "ecdsa-p384-sha384",
    ):
        lines.add(f"alg {alg}", signed(alg=f'"{alg}"'), _no("alg_not_allowed", 3, "alg"))
    lines.add("alg of P-256", signed(alg='"ecdsa-p256-sha256"'), _no("alg_key_mismatch", 6, "alg"))
    for what, nonce in (("padded", NONCE + "=="), ("15 bytes", b64url_encode(bytes(15))), ("17 bytes", b64url_encode(bytes(17))), ("empty", ""),
                        ("spare bits", NONCE[:-1] + "x"), ("a space", NONCE + " "), ("the other alphabet", "+" * 22), ("lower case and short", "abc"),
                        ("64 bytes", b64url_encode(bytes(64)))):  # fmt: skip
        lines.add(f"nonce: {what}", signed(nonce=f'"{nonce}"'), _no("nonce_malformed", 3, "nonce"))
    for keyid in (
        KEYS[5].key_id,
        ISSUER.key_id,
        "",
        "../../etc/passwd",
        "%00",
        "' OR 1=1 --",
        AGENT.key_id[:-1],
        AGENT.key_id + "=",
    ):
        lines.add(
            f"keyid {keyid:.12}",
            signed(params=params(keyid=f'"{keyid}"')),
            _no("holder_mismatch", 6, "keyid"),
        )
    for other in ("delegate-v2", "Delegate-v1", "", "delegate-v1 "):
        lines.add(f"tag {other!r}", signed(tag=f'"{other}"'), _no("signature_missing", 2, _INPUT))
    return lines


def _on_the_way() -> Lines:
    """One thing of a signed request changed on its way: every header, the target and the body."""
    lines = Lines()
    good = signed()
    lines.add("control", good)
    dropped = {
        "host": _no("authority_rejected", 5, "@authority"),
        "content-type": _no("component_missing", 7, "content-type"),
        "content-digest": _no("component_missing", 7, "content-digest"),
        "agent-identity": _no("component_missing", 6, "agent-identity"),
        "delegation": _no("delegation_missing", 6, "delegation"),
        "accept": OK,
        _INPUT: _no("signature_missing", 2, _INPUT),
        "signature": _no("signature_missing", 2, "signature"),
    }
    invalid = _no("signature_invalid", 7)
    other = text_of(root(sc=SMALL, root=None, why="another of the same agent"))
    changed = {
        "host": ("other.example.com", dropped["host"]),
        "content-type": ("text/plain", invalid),
        "content-digest": (digest_of(b"other"), invalid),
        "agent-identity": ('"agent-1"', _no("identity_mismatch", 6, "agent-identity")),
        "delegation": (f't="{other}"', invalid),
        "accept": ("text/plain", OK),
        "signature": (f"dlg=:{b64encode(bytes(64)).decode()}:", invalid),
    }
    for name, value in good.headers:
        lines.add(f"{name} dropped", good.without_header(name), dropped[name])
        twice: Any = _no("header_duplicate", 1, name)
        if name in {_INPUT, "signature"}:
            twice = _no(f"{name.replace('-', '_')}_malformed", 2, name, field="dlg")
        lines.add(f"{name} twice", good.with_line(name, value), OK if name == "accept" else twice)
        spelled = tuple((n.title() if n == name else n, v) for n, v in good.headers)
        lines.add(f"{name.title()}", replace(good, headers=spelled))
        spaced = tuple((n, f" \t{v} " if n == name else v) for n, v in good.headers)
        lines.add(f"{name} with white space around", replace(good, headers=spaced))
        lines.add(f"{name} first", replace(good, headers=((name, value), *good.without_header(name).headers)))
    for name, (value, expect) in changed.items():
        lines.add(f"{name} changed", good.with_header(name, value), expect)
    for name in (
        "content-encoding",
        "authorization",
        "cookie",
        "idempotency-key",
        "mcp-session-id",
        "mcp-protocol-version",
    ):
        lines.add(f"{name} added", good.with_header(name, "x"), _no("header_not_covered", 3, name))
        covered = signed(baseline().with_header(name, "x"), components=f'{COMPONENTS} "{name}"')
        lines.add(f"{name} signed", covered)
        lines.add(
            f"{name} signed and doubled", covered.with_line(name, "x"), _no("header_duplicate", 1, name)
        )
        lines.add(
            f"{name} added by our proxy", good.with_header(name, "x"), server=SERVER | {"proxy_adds": [name]}
        )
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        lines.add(f"{name} added", good.with_header(name, "DELETE"), _no("method_rejected", 3, name))
        asked = signed(baseline().with_header(name, "POST"), components=f'{COMPONENTS} "{name}"')
        lines.add(f"{name} signed", asked, _no("method_rejected", 3, name))
    for name in ("x-forwarded-host", "forwarded", "x-forwarded-proto", "user-agent", "date"):
        lines.add(f"{name} added", good.with_header(name, "evil.example"))
    for method in ("PUT", "DELETE", "GET", "PATCH"):
        lines.add(f"sent as {method}", replace(good, method=method), invalid)
    for path in ("/v1/orders/", "/V1/orders", "/v1/orders;x", "/v1/orders-evil", "/", "/v1/%6Frders"):
        lines.add(f"sent to {path}", replace(good, path=path), invalid)
    for query in ("", "dry=2", "dry=1&dry=1", "DRY=1", "dry=1&", "dry=%31", "dry=+1"):
        lines.add(f"query {query!r}", replace(good, query=query), invalid)
    mismatch = _no("digest_mismatch", 9, "content-digest")
    for body in (b"", b"{}", BODY + b" ", BODY[:-1], BODY.replace(b"1250", b"9250")):
        lines.add(f"{len(body)} bytes of body", replace(good, body=body), mismatch)
    return lines


def _structured_fields() -> Lines:
    """The two signature headers as dictionaries: labels, other signers, splits, sizes, base64."""
    lines = Lines()
    good = dict(signed().headers)
    ours, value = good[_INPUT], good["signature"]
    malformed = _no("signature_input_malformed", 2, _INPUT)
    bad_signature = _no("signature_malformed", 2, "signature")

    def put(what: str, text: str, expect: Any = OK, signature: str = value) -> None:
        lines.add(what, signed().with_header(_INPUT, text).with_header("signature", signature), expect)

    put("control", ours)
    for label in ("a", "*", "x*-1.y_", "sig1", "z" * 37):
        lines.add(f"label {label:.9}", signed(label=label))
    lines.add("our signature over 128 bytes", signed(label="z" * 38), _no("header_too_large", 2, "signature"))
    for label in ("Dlg", "1a", "-a", "", "d lg", '"dlg"'):
        put(f"label {label!r}", ours.replace("dlg", label, 1), malformed)
    foreign = 'proxy=("@method");created=1;keyid="p"'
    theirs = ", proxy=:AAAA:"
    put("another signer before", f"{foreign}, {ours}", signature=value + theirs)
    put("another signer after", f"{ours}, {foreign}", signature=value + theirs)
    put("another signer, without a signature", f"{ours}, {foreign}")
    put("another signer's signature alone", ours, signature=value + theirs)
    put(
        "another signer with our tag",
        f'{ours}, two=("@method");tag="delegate-v1"',
        _no("signature_ambiguous", 2, _INPUT),
    )
    put("another signer of other types", f'{ours}, b=("a" 1 ?1 :AA==: tok 1.5);x;y=@1')
    four = ", ".join([ours, *(f"p{number}=()" for number in range(3))])
    put("4 members", four)
    put("5 members", four + ", p4=()", _no("header_too_large", 2, _INPUT))
    signatures = ", ".join([value, *(f"p{number}=:AA==:" for number in range(3))])
    put("4 signatures", ours, signature=signatures)
    put("5 signatures", ours, _no("header_too_large", 2, "signature"), signatures + ", p4=:AA==:")
    put("our label twice", f"{ours}, {ours}", malformed | {"field": "dlg"})
    put("our signature twice", ours, bad_signature | {"field": "dlg"}, f"{value}, {value}")
    for parameter in (";x", ";x=1", '; x="a"'):
        put(f"our signature with {parameter}", ours, bad_signature | {"field": "dlg"}, value + parameter)
    put("another signer's signature with ;x=1", f"{ours}, {foreign}", signature=f"{value}{theirs};x=1")
    for what, text in (("a comma after", ours + ","), ("a comma before", "," + ours), ("two commas", f"{ours},, {foreign}"), ("empty", ""),
                       ("a string", 'dlg="a"'), ("no list", "dlg"), ("a token", "dlg=a"), ("text after", ours + " x")):  # fmt: skip
        put(f"input: {what}", text, malformed)
    for what, text in (("a comma after", value + ","), ("empty", ""), ("a string", 'dlg="a"'), ("no colons", "dlg=AAAA"), ("text after", value + "x"),
                       ("base64url", "dlg=:" + "_" * 86 + "==:"), ("an inner space", "dlg=:AA AA:")):  # fmt: skip
        put(
            f"signature: {what}",
            ours,
            bad_signature | ({"field": "dlg"} if what == "text after" else {}),
            text,
        )
    raw = b64decode(value[5:-1])
    encoded = b64encode(raw).decode()
    for what, text in (("no padding", encoded.rstrip("=")), ("half of the padding", encoded[:-1]), ("spare bits", encoded[:-3] + chr(ord(encoded[-3]) + 1) + "=="),
                       ("63 bytes", b64encode(raw[:63]).decode()), ("65 bytes", b64encode(raw + b"\0").decode()), ("no bytes", ""),
                       ("padding inside", "AA==" + encoded[4:])):  # fmt: skip
        put(f"signature of ours: {what}", ours, bad_signature, f"dlg=:{text}:")
    put(
        "no signature of our label",
        ours,
        _no("signature_missing", 2, "signature"),
        value.replace("dlg", "other"),
    )
    split = signed().without_header(_INPUT).with_line(_INPUT, foreign).with_line(_INPUT, ours)
    lines.add("split over two lines", split)
    lines.add(
        "our member cut in two lines",
        signed().without_header(_INPUT).with_line(_INPUT, ours[:60]).with_line(_INPUT, ours[60:]),
        malformed,
    )
    return lines


def _times() -> Lines:
    """Both borders of the window, for several skews; its length; the clock at step 10."""
    lines = Lines()
    future, past = _no("created_in_future", 4, "created"), _no("expired", 4, "expires")
    for skew in (0, 5, 30):
        server = SERVER | {"skew": skew}
        for now, expect in (
            (NOW - skew, OK),
            (NOW - skew - 1, future),
            (NOW + 59, OK),
            (NOW + 60, past),
            (NOW + 60 + skew, past),
        ):
            token = text_of(root(sc=SMALL, root=None, why=None, iat=NOW - 100, exp=NOW + 500))
            lines.add(
                f"skew {skew}, {now - NOW} s from created",
                signed(baseline(token=token)),
                expect,
                now=now,
                server=server,
            )
    long = _no("window_too_long", 4, "expires")
    for window, expect in ((1, OK), (300, OK), (301, long)):
        lines.add(f"a window of {window} s", signed(expires=str(NOW + window)), expect)
    for window, limit, expect in ((60, 60, OK), (61, 60, long), (1, 1, OK)):
        lines.add(
            f"{window} s where {limit} are allowed",
            signed(expires=str(NOW + window)),
            expect,
            server=SERVER | {"window_max": limit},
        )
    for window in (0, -1):
        lines.add(
            f"a window of {window} s", signed(expires=str(NOW + window)), _no("param_malformed", 4, "expires")
        )
    lines.add("created at 0", signed(created="0", expires="60"), past)
    lines.add("created at 10^11 - 1", signed(created="99999999939", expires="99999999999"), future)
    wire = signed()
    for later, expect in (
        (NOW + 59, OK),
        (NOW + 60, _no("expired", 10, "expires")),
        (NOW - 6, _no("created_in_future", 10, "created")),
    ):
        lines.add(f"the clock {later - NOW} s on when the body is there", wire, expect, now_after_body=later)
    short = signed(baseline(token=text_of(root(sc=SMALL, root=None, why=None, exp=NOW + 10))))
    expired = refused("delegation_expired", block=0, field="exp")
    lines.add("a token that has expired", short, expired | {"step": 8}, now=NOW + 10)
    lines.add(
        "a token that expires while the body comes", short, expired | {"step": 10}, now_after_body=NOW + 10
    )
    lines.add("a token in its last second", short, now=NOW + 9, now_after_body=NOW + 9)
    return lines


_GOOD_TARGETS: Final = [("/", ""), ("/a/b/", "x=%2F&x=/../"), ("/p;x=1", ""), ("/%7Ea", ""), ("/%C3%A9/%f0%9f%8d%89", "a=%ff"), ("/a..b", "?"), ("/...", ""),
                        ("/a@b", ""), ("/<>", "<>"), ('/"', '"'), ("/" + "a" * 8191, ""), ("/", "a" * 8191)]  # fmt: skip
_BAD_PATHS: Final = ["", "*", "a", "//a", "/a//b", "/a/../b", "/a/./b", "/..", "/a/%2e%2E", "/%2e", "/a%2Fb", "/a%2fb", "/a%5cb", "/a%00", "/a\\b", "/a%2", "/a%",
                     "/a%zz", "/a%ff", "/%C3/%A9", "/%C0%AE%C0%AE/a", "/%ED%A0%80", "/a b", "/\u00e9", "/a#b", "/a?b", "/a\t", "/a\x7f", "/" + "a" * 8192,
                     "@google.com/p", "http://api.example.com/"]  # fmt: skip
_BAD_QUERIES: Final = ["a b", "a=%zz", "a#b", "a\x00", "\u00e9", "a=%2"]
_HOSTS: Final = {"api.example.com": OK, "API.Example.com": OK, "api.example.com:443": OK, "api.example.com:80": None, "api.example.com:": None, "api.example.com.": None,
                 "api.example.com..": None, "": None, "other.example.com": None, "api.example.com.evil.example": None, "api.example.com/health?x=": None,
                 "user@api.example.com": None, "api.example.com, x": None, "api.example.com:0443": None, "xn--api.example.com": None}  # fmt: skip


def _target() -> Lines:
    """Methods, paths, queries and hosts, each signed as it is sent."""
    lines = Lines()
    for path, query in _GOOD_TARGETS:
        lines.add(f"{path:.24} and {query:.24}", signed(baseline(path=path, query=query)))
    for path in _BAD_PATHS:
        lines.add(f"path {path:.24}", signed(baseline(path=path)), _no("target_rejected", 5, "@path"))
    for query in _BAD_QUERIES:
        lines.add(f"query {query}", signed(baseline(query=query)), _no("target_rejected", 5, "@query"))
    lines.add(
        "8,193 bytes together",
        signed(baseline(path="/a", query="a" * 8191)),
        _no("target_rejected", 5, "@path"),
    )
    for host, accepted in _HOSTS.items():
        sent = signed().with_header("host", host)  # signed over the configured authority
        lines.add(f"host {host}", sent, accepted or _no("authority_rejected", 5, "@authority"))
    for method in (
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "GET",
        "HEAD",
        "OPTIONS",
        "QUERY",
        "M-SEARCH",
        "AB",
        "A" * 32,
    ):
        lines.add(f"method {method:.9}", signed(baseline(method=method)))
    for method in (
        "post",
        "Post",
        "A",
        "",
        "A" * 33,
        "CONNECT",
        "GET ",
        "G3T",
        "-GET",
        "GET-",
        "PO\u017fT"[:2] + "\u00e9",
    ):
        lines.add(
            f"method {method!r:.12}", signed(baseline(method=method)), _no("method_rejected", 5, "@method")
        )
    inner = signed(baseline(path="/api/v1/orders"))
    for what, settings, wire, expect in (
        ("public_prefix", {"public_prefix": "/api"}, replace(inner, path="/v1/orders"), OK),
        ("public_prefix, not needed", {"public_prefix": "/api"}, inner, _no("signature_invalid", 7)),
        (
            "public_prefix, and no slash behind it",
            {"public_prefix": "/api"},
            replace(signed(baseline(path="/apiv1")), path="v1"),
            _no("target_rejected", 5, "@path"),
        ),
        ("strip_prefix", {"strip_prefix": "/in"}, replace(inner, path="/in/api/v1/orders"), OK),
        ("strip_prefix, not there", {"strip_prefix": "/in"}, inner, _no("target_rejected", 5, "@path")),
        ("strip_prefix, half a segment", {"strip_prefix": "/ap"}, inner, _no("target_rejected", 5, "@path")),
        ("public_origin", {"public_origin": ORIGIN}, inner.with_header("host", "10.0.0.1:8080"), OK),
    ):
        lines.add(what, wire, expect, server=SERVER | settings)
    two = {"origins": [ORIGIN, OTHER_ORIGIN]}
    lines.add(
        "the other origin of one server",
        signed().with_header("host", "other.example.com"),
        _no("signature_invalid", 7),
        server=two,
    )
    aimed = signed(baseline().with_header("host", "other.example.com"))
    lines.add(
        "the other origin, which the token is not for",
        aimed,
        refused("audience_mismatch", block=0, field="aud", step=8),
        server=two,
    )
    return lines


def _body() -> Lines:
    """Digests in every form; bodies beside them; a server's limit."""
    lines = Lines()
    digest = digest_of(BODY)
    missing = _no("component_missing", 3, "content-digest")

    def put(what: str, value: str, expect: Any = OK, **more: Any) -> None:
        lines.add(what, signed(baseline().with_header("content-digest", value)), expect, **more)

    put("control", digest)
    put("another algorithm beside", f"md5=:AAAA:, {digest}")
    put("another algorithm after, with a parameter", f"{digest};a=1, sha-512=:AAAA:")
    put("four algorithms", f"{digest}, a=:AA==:, b=:AA==:, c=:AA==:")
    put(
        "five algorithms",
        f"{digest}, a=:AA==:, b=:AA==:, c=:AA==:, d=:AA==:",
        _no("header_too_large", 9, "content-digest"),
    )
    put("of other bytes", digest_of(b"other"), _no("digest_mismatch", 9, "content-digest"))
    for name in ("sha-512", "md5", "sha", "unixsum", "sha-1"):
        put(f"{name} alone", f"{name}=:AAAA:", _no("digest_unsupported", 9, "content-digest"))
    raw = digest[9:-1]
    for what, value in (("31 bytes", "sha-256=:" + b64encode(bytes(31)).decode() + ":"), ("33 bytes", "sha-256=:" + b64encode(bytes(33)).decode() + ":"),
                        ("no padding", f"sha-256=:{raw.rstrip('=')}:"), ("empty", "sha-256=::"), ("a string", f'sha-256="{raw}"'), ("no member", "x"),
                        ("the name in upper case", digest.replace("sha", "SHA")), ("a comma after", digest + ","), ("hexadecimal", "sha-256=:" + "00" * 32 + ":"),
                        ("base64url", "sha-256=:" + "_" * 43 + "=:"), ("an equals sign of http", "SHA-256=" + raw)):  # fmt: skip
        put(f"digest: {what}", value, _no("digest_malformed", 9, "content-digest"))
    put(
        "twice the same algorithm",
        f"{digest}, {digest}",
        _no("digest_malformed", 9, "content-digest", field="sha-256"),
    )
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        bare = baseline(method=method, body=b"").without_header("content-digest")
        lines.add(f"{method} without a digest", signed(bare, components=without("content-digest")), missing)
        lines.add(f"{method} with an empty body", signed(baseline(method=method, body=b"")))
    get = signed(
        baseline(method="GET", body=b"").without_header("content-digest"),
        components=without("content-digest"),
    )
    lines.add("GET without a digest", get)
    lines.add(
        "GET without a digest, a body came",
        replace(get, body=b"x"),
        _no("body_unexpected", 9, "content-digest"),
    )
    for limit, expect in ((len(BODY), OK), (len(BODY) - 1, _no("body_too_large", 9))):
        lines.add(
            f"{len(BODY)} bytes under a limit of {limit}",
            signed(),
            expect,
            server=SERVER | {"body_limit": limit},
        )
    repr_digest = baseline().without_header("content-digest").with_header("repr-digest", digest)
    lines.add(
        "Repr-Digest instead",
        signed(repr_digest, components=without("content-digest") + ' "repr-digest"'),
        missing,
    )
    return lines


def _identity() -> Lines:
    """Agent-Identity: its one form, and every other."""
    lines = Lines()
    malformed = _no("malformed", 6, "agent-identity")

    def put(what: str, value: str, expect: Any = OK) -> None:
        lines.add(what, signed(baseline().with_header("agent-identity", value)), expect)

    put("control", '"agent-0"')
    put("all parameters", '"agent-0";run="rt-1";svc="spiffe://local/agent/a";wl="w";sid="s"')
    for name in ("run", "svc", "wl", "sid"):
        put(f"{name} alone", f'"agent-0";{name}="a"')
        put(f"{name} of 128", f'"agent-0";{name}="{"a" * 128}"')
        for what, text in (
            ("of 129", "=" + f'"{"a" * 129}"'),
            ("empty", '=""'),
            ("a token", "=a"),
            ("a number", "=1"),
            ("true", ""),
            ("with an escape", '="\\""'),
        ):
            put(f"{name} {what}", f'"agent-0";{name}{text}', malformed)
        put(f"{name} twice", f'"agent-0";{name}="a";{name}="a"', malformed)
    put("out of order", '"agent-0";svc="a";run="b"', malformed)
    for value in (
        '"agent-0";x="a"',
        '"agent-0"; run="a"',
        "agent-0",
        '"agent-0',
        '""',
        '"-a"',
        '"agent 0"',
        '"agent-0",',
        '("agent-0")',
        '"agent-0";',
        "?1",
        ":AA==:",
        '"a" "b"',
    ):
        not_a_name = value in {'"-a"', '"agent 0"'}
        put(f"identity {value}", value, malformed | ({"field": "agent"} if not_a_name else {}))
    for value in ('"Agent-0"', '"agent-1"', '"agent-00"'):
        put(f"identity {value}", value, _no("identity_mismatch", 6, "agent-identity"))
    put(
        "over 512 bytes",
        f'"agent-0";run="{"a" * 128}";svc="{"a" * 128}";wl="{"a" * 128}";sid="{"a" * 128}"',
        _no("header_too_large", 1, "agent-identity"),
    )
    return lines


def _tokens() -> Lines:
    """The Delegation header, and tokens that refuse a well-signed request, at the step that finds it."""
    lines = Lines()

    def put(what: str, value: str, expect: Any) -> None:
        lines.add(what, signed(baseline().with_header("delegation", value)), expect)

    form = _no("delegation_malformed", 6, "delegation")
    put("control", f't="{TOKEN}"', OK)
    for what, value in (("no quotes", f"t={TOKEN}"), ("another name", f'x="{TOKEN}"'), ("a parameter", f't="{TOKEN}";a'), ("two members", f't="{TOKEN}", h="a"'),
                        ("two tokens", f't="{TOKEN}", t="{TOKEN}"'), ("a space", f't= "{TOKEN}"'), ("bare", TOKEN), ("empty", ""), ("by reference", 'h=":AAAA:"'), ("open", f't="{TOKEN}')):  # fmt: skip
        put(what, value, form)
    put("an empty token", 't=""', _no("delegation_malformed", 6))
    put("another version", f't="dlg2{TOKEN[4:]}"', _no("unsupported_version", 6))
    put("cut short", f't="{TOKEN[:-4]}"', refused("delegation_malformed", block=0, field="signature", step=6))

    def chain_of(
        what: str,
        *blocks: Any,
        expect: Any,
        keys: Any = (),
        key: Any = AGENT,
        agent: str = "agent-0",
        **more: Any,
    ) -> None:
        wire = baseline(token=text_of(*blocks, keys=keys), agent=agent)
        lines.add(what, signed(wire, key=key), expect, **more)

    def first(**changes: Any) -> Any:
        return root(**({"sc": SMALL, "root": None, "why": None} | changes))

    chain_of("two blocks", first(), child(), expect=OK, key=KEYS[1], agent="agent-1")
    chain_of(
        "two blocks, used by the first holder",
        first(),
        child(),
        expect=_no("holder_mismatch", 6, "keyid"),
        agent="agent-1",
    )
    chain_of(
        "two blocks, in the first holder's name",
        first(),
        child(),
        expect=_no("identity_mismatch", 6, "agent-identity"),
        key=KEYS[1],
    )
    chain_of(
        "an issuer nobody knows",
        first(iss="evil"),
        expect=refused("untrusted_root", block=0, field="iss", step=6),
    )
    chain_of(
        "a key nobody knows",
        first(kid=STRANGER.key_id),
        keys=(STRANGER,),
        expect=refused("untrusted_root", block=0, field="kid", step=6),
    )
    chain_of(
        "not signed by the issuer",
        first(),
        keys=(STRANGER,),
        expect=refused("delegation_signature_invalid", block=0, step=8),
    )
    chain_of(
        "not signed by the holder",
        first(),
        child(),
        keys=(ISSUER, STRANGER),
        key=KEYS[1],
        agent="agent-1",
        expect=refused("delegation_signature_invalid", block=1, step=8),
    )
    chain_of(
        "widened",
        first(),
        child(exp=NOW + 601),
        key=KEYS[1],
        agent="agent-1",
        expect=refused("widened", block=1, field="exp", step=8),
    )
    chain_of(
        "too deep",
        first(dep=0),
        child(),
        key=KEYS[1],
        agent="agent-1",
        expect=refused("depth_exceeded", block=1, field="dep", step=8),
    )
    chain_of(
        "for another origin",
        first(aud=[OTHER_ORIGIN]),
        expect=refused("audience_mismatch", block=0, field="aud", step=8),
    )
    chain_of(
        "issued in the future",
        first(iat=NOW + 6),
        expect=refused("delegation_not_yet_valid", block=0, field="iat", step=8),
    )
    chain_of(
        "over the ceiling",
        first(sc=SMALL | {"tools": ["x"]}),
        expect=refused("widened", block=0, field="tools", step=8),
    )
    chain_of("a budget", first(bud={}), expect=refused("budget_unmetered", block=0, field="bud", step=6))
    chain_of("an approval", first(apr=[]), expect=refused("approval_required", block=0, field="apr", step=6))
    chain_of(
        "a weak holder",
        first(key="ed25519:" + b64url_encode(bytes(32))),
        expect=refused("key_weak", block=0, field="key", step=6),
    )
    chain_of(
        "no list where one is demanded",
        first(),
        expect=_no("revocation_unavailable", 8),
        trust=trust(revocation="required"),
    )
    chain_of(
        "the issuer's key is repudiated",
        first(),
        expect=refused("key_revoked", field="status", step=6),
        trust=trust(key={"status": "repudiated"}),
    )
    for what, key in (("a stranger", STRANGER), ("the issuer", ISSUER), ("another holder", KEYS[3])):
        lines.add(
            f"signed by {what}, under its own key id", signed(key=key), _no("holder_mismatch", 6, "keyid")
        )
        lines.add(
            f"signed by {what}, under the holder's",
            signed(key=key, keyid=f'"{AGENT.key_id}"'),
            _no("signature_invalid", 7),
        )
    wire, alg = baseline(token=text_of(first(key=PKEY.public_key.text))), '"ecdsa-p256-sha256"'
    good = signed(wire, key=PKEY, alg=alg)
    lines.add("P-256", good)
    raw = b64decode(dict(good.headers)["signature"][5:-1])
    _, s = p256.split(raw)
    for what, wound, expect in (
        ("high s", p256.other_s(raw), OK),
        ("r = 0", p256.join(0, s), _no("signature_invalid", 7)),
        ("zeros", bytes(64), _no("signature_invalid", 7)),
    ):
        lines.add(
            f"P-256: {what}", good.with_header("signature", f"dlg=:{b64encode(wound).decode()}:"), expect
        )
    lines.add("P-256 under the name of Ed25519", signed(wire, key=PKEY), _no("alg_key_mismatch", 6, "alg"))
    block = KEYS[0].sign(Purpose.REQUEST, b"delegate/v1/block\0" + base_of(baseline(), COMPONENTS, params()))
    lines.add(
        "signed as a block is",
        signed().with_header("signature", f"dlg=:{b64encode(block).decode()}:"),
        _no("signature_invalid", 7),
    )
    return lines


def _servers() -> Lines:
    """What a server is set to, and what it remembers: coverage, direct requests, nonces, epoch, action."""
    lines = Lines()
    lines.add(
        "must_cover, covered",
        signed(components=f'{COMPONENTS} "accept"'),
        server=SERVER | {"must_cover": ["accept"]},
    )
    lines.add(
        "must_cover, not covered",
        signed(),
        _no("component_missing", 3, "accept"),
        server=SERVER | {"must_cover": ["accept"]},
    )
    record = {
        "key": AGENT.public_key.text,
        "usages": ["request"],
        "not_before": 0,
        "agent": "agent-0",
        "direct_scope": SMALL,
    }
    bare = baseline(token=None)
    direct = signed(bare, components=without("delegation"))
    open_server = SERVER | {"require_delegation": False}
    lines.add("a direct request", direct, server=open_server, trust=trust(more=(record,)))
    lines.add(
        "a direct request where tokens are required",
        direct,
        _no("delegation_missing", 6, "delegation"),
        trust=trust(more=(record,)),
    )
    lines.add(
        "a direct request by a key without a record",
        direct,
        _no("key_unknown", 6, "keyid"),
        server=open_server,
    )
    lines.add(
        "a direct request by the issuer's key",
        signed(bare, components=without("delegation"), key=ISSUER),
        _no("key_unknown", 6, "keyid"),
        server=open_server,
    )
    lines.add(
        "a direct request in another's name",
        signed(baseline(token=None, agent="agent-1"), components=without("delegation")),
        _no("identity_mismatch", 6, "agent-identity"),
        server=open_server,
        trust=trust(more=(record,)),
    )
    for what, change, field in (("repudiated", {"status": "repudiated"}, "status"), ("retired", {"status": "retired", "retired_at": NOW}, "retired_at"),
                                ("not yet", {"not_before": NOW + 1}, "not_before"), ("no longer", {"not_after": NOW}, "not_after")):  # fmt: skip
        lines.add(
            f"a direct request by a key that is {what}",
            direct,
            refused("key_revoked", field=field, step=6),
            server=open_server,
            trust=trust(more=(record | change,)),
        )
    lines.add(
        "a direct request to an origin the issuer may not speak to",
        direct,
        refused("audience_mismatch", block=-1, field="audiences", step=8),
        server=open_server,
        trust=trust(more=(record,), audiences=[OTHER_ORIGIN]),
    )
    claim = {
        "space": "default",
        "quota_key": f"acme {AGENT.key_id}",
        "key_id": AGENT.key_id,
        "nonce": bytes(range(16)).hex(),
        "expires_at": NOW + 60,
        "now": NOW,
    }
    replayed = _no("nonce_replayed", 11, "nonce")
    lines.add("the nonce is on record", signed(), replayed, claims=[claim])
    lines.add("the nonce is on record in another space", signed(), claims=[claim | {"space": "other"}])
    lines.add("the nonce is on record for another key", signed(), claims=[claim | {"key_id": KEYS[1].key_id}])
    lines.add("another nonce is on record", signed(), claims=[claim | {"nonce": "ff" * 16}])
    lines.add(
        "the quota is used up",
        signed(),
        refused("replay_capacity", field="quota", step=11),
        claims=[claim | {"nonce": "ff" * 16}],
        store={"quota": 1},
    )
    lines.add(
        "another's quota is used up",
        signed(),
        claims=[claim | {"nonce": "ff" * 16, "quota_key": "acme x"}],
        store={"quota": 1},
    )
    lines.add(
        "the store is full",
        signed(),
        refused("replay_capacity", field="capacity", step=11),
        claims=[claim | {"nonce": "ff" * 16, "quota_key": "other x"}],
        store={"quota": 1, "capacity": 1},
    )
    lines.add(
        "the issuer's share is used up",
        signed(),
        refused("replay_capacity", field="issuer_quota", step=11),
        claims=[claim | {"nonce": "ff" * 16, "quota_key": "acme x"}],
        store={"quota": 1, "issuer_quota": 1},
    )
    for epoch, expect in (
        (NOW - 6, OK),
        (NOW - 5, _no("replay_unknown", 11, "created")),
        (NOW, _no("replay_unknown", 11, "created")),
    ):
        lines.add(f"the store began {epoch - NOW} s from created", signed(), expect, epoch=epoch)
    action = {"tool": "orders.read", "operation": "read", "risk": "low"}
    lines.add("an action inside", signed(), action=action)
    for name, value, field in (
        ("tool", "refunds.create", "tools"),
        ("operation", "financial", "operations"),
        ("risk", "medium", "max_risk"),
    ):
        lines.add(
            f"{name}: {value}",
            signed(),
            refused("out_of_scope", block=0, field=field),
            action=action | {name: value},
        )
    lines.add(
        "a direct action inside", direct, server=open_server, trust=trust(more=(record,)), action=action
    )
    wide = signed(
        baseline(token=text_of(root(sc=SMALL | {"tools": ["refunds.create"]}, root=None, why=None)))
    )
    outside = action | {"tool": "refunds.create"}
    lines.add(
        "an action that direct_scope alone permits",
        wide,
        refused("out_of_scope", block=0, field="tools"),
        action=action,
        server=open_server,
        trust=trust(more=(record,)),
    )
    lines.add(
        "an action that the token permits",
        wide,
        action=outside,
        server=open_server,
        trust=trust(more=(record,)),
    )
    return lines


def _first_of_two() -> Lines:
    """Two wounds in one member, and the one that is named: docs/spec/envelope.md, Reading our member."""
    lines = Lines()
    lines.add("control", signed())
    for what, more, code, name in (
        ("twice before a stranger between them", '"x" "@z" "x"', "component_duplicate", "x"),
        ("twice behind a stranger", '"@z" "x" "x"', "component_unsupported", "@z"),
        ("two components twice, one around the other", '"x" "y" "y" "x"', "component_duplicate", "x"),
        ("two components twice, not ascending", '"y" "y" "x" "x"', "component_duplicate", "y"),
    ):
        lines.add(what, signed(components=f"{COMPONENTS} {more}"), _no(code, 3, name))
    for what, before, behind, code, name in (
        ("a parameter twice around a stranger", "", ';x;alg="ed25519"', "param_malformed", "alg"),
        ("a parameter twice around a strange value", "", ";created=1;x", "param_malformed", "created"),
        ("a stranger before a parameter twice", ";x", ';alg="ed25519"', "param_malformed", "x"),
        ("another tag before ours", ';tag="x"', "", "param_malformed", "tag"),
    ):
        lines.add(what, signed(params=before + params() + behind), _no(code, 3, name))
    no_fields = signed(params=params(created="1000000000000000"))
    for what, signature in (
        ("no structured field, and a signature of one byte", "dlg=:AA==:"),
        ("no structured field, and no signature of ours", "b=:AA==:"),
        ("no structured field, and a signature over 128 bytes", f"dlg=:{'A' * 128}:"),
        ("no structured field, and a Signature that is none", "dlg"),
    ):
        wounded = no_fields.with_header("signature", signature)
        lines.add(what, wounded, _no("signature_input_malformed", 2, _INPUT))
    two = dict(no_fields.headers)[_INPUT] + ', b=();tag="delegate-v1"'
    lines.add(
        "no structured field, and a second one of ours",
        no_fields.with_header(_INPUT, two),
        _no("signature_ambiguous", 2, _INPUT),
    )
    return lines


def subject() -> Subject:
    """The vectors of this page."""
    makers = (
        _components,
        _parameters,
        _on_the_way,
        _structured_fields,
        _times,
        _target,
        _body,
        _identity,
        _tokens,
        _servers,
        _first_of_two,
    )
    families: dict[str, tuple[Case, list[Case]]] = {
        make.__name__.strip("_").replace("_", "-"): (SHARED, make()) for make in makers
    }
    return Subject(name="envelope", cases=promoted(families, 5), families=families)
