"""The envelope profile, row by row: a valid signed POST, and one thing wrong with it (threats S1-S142).

Every wounded request is signed correctly *after* it was wounded, unless the row is about what happens on
the way, so each refusal comes for its own reason.
"""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any

import pytest

from delegate.encoding import b64url_encode
from delegate.errors import DelegateError
from tests.support.forge import KEYS, NOW, chain, child_members, forge, root_members
from tests.support.wire import BODY, COMPONENTS, NONCE, Server, Wire, digest_of, parameters, sign


def refusal(wire: Wire, **settings: object) -> DelegateError:
    """What a fresh server says to ``wire``."""
    with pytest.raises(DelegateError) as refused:
        Server(**settings).deliver(wire)
    return refused.value


def without(name: str) -> str:
    """The usual components less one."""
    return " ".join(item for item in COMPONENTS.split() if item != f'"{name}"')


def test_the_good_request_is_accepted() -> None:
    verified = Server().deliver(sign())
    assert (verified.issuer, verified.agent, verified.path) == ("acme", "agent-1", ("agent-0", "agent-1"))
    assert verified.key_id == KEYS[1].key_id
    assert (verified.envelope.method, verified.envelope.path) == ("POST", "/v1/orders")
    assert (verified.envelope.query, verified.envelope.authority) == ("?dry=1", "api.example.com")


def test_any_label_component_order_and_parameter_order_is_accepted() -> None:
    backwards = " ".join(reversed(COMPONENTS.split()))
    shuffled = ";".join(["", *reversed(parameters()[1:].split(";"))])
    Server().deliver(sign(label="x*-1.y", components=backwards, params=shuffled))


# --- covered components ----------------------------------------------------------------------------

COMPONENT_ROWS = {
    "s1-nothing": ("", "component_missing"),
    "s2-method": (without("@method"), "component_missing"),
    "s3-query": (without("@query"), "component_missing"),
    "s3-path": (without("@path"), "component_missing"),
    "s3-authority": (without("@authority"), "component_missing"),
    "s4-content-digest": (without("content-digest"), "component_missing"),
    "agent-identity": (without("agent-identity"), "component_missing"),
    "delegation": (without("delegation"), "header_not_covered"),
    "content-type": (without("content-type"), "header_not_covered"),
    "s5-req": (COMPONENTS.replace('"@path"', '"@path";req'), "component_unsupported"),
    "s7-bs": (COMPONENTS.replace('"content-digest"', '"content-digest";bs'), "component_unsupported"),
    "s7-sf": (COMPONENTS.replace('"content-digest"', '"content-digest";sf'), "component_unsupported"),
    "s8-twice": (COMPONENTS + ' "@path"', "component_duplicate"),
    "s8-field-twice": (COMPONENTS + ' "content-type"', "component_duplicate"),
    "s9-upper-case": (COMPONENTS.replace("@method", "@METHOD"), "signature_input_malformed"),
    "s12-created": (COMPONENTS + ' "created"', "component_missing"),
    "s13-status": (COMPONENTS + ' "@status"', "component_unsupported"),
    "s14-unknown": (COMPONENTS + ' "@foo"', "component_unsupported"),
    "target-uri": (COMPONENTS + ' "@target-uri"', "component_unsupported"),
    "scheme": (COMPONENTS + ' "@scheme"', "component_unsupported"),
    "s15-query-param": (
        COMPONENTS.replace('"@query"', '"@query-param";name="a"'),
        "component_unsupported",
    ),
    "s16-absent": (COMPONENTS + ' "x-absent"', "component_missing"),
    "s17-25-components": (
        COMPONENTS + " " + " ".join(f'"x-{n}"' for n in range(17)),
        "signature_input_malformed",
    ),
    "s43-tab": (COMPONENTS.replace(" ", "\t"), "signature_input_malformed"),
    "two-spaces": (COMPONENTS.replace(" ", "  ", 1), "signature_input_malformed"),
    "token-item": (COMPONENTS.replace('"@path"', "path"), "signature_input_malformed"),
}


@pytest.mark.parametrize(("components", "code"), COMPONENT_ROWS.values(), ids=COMPONENT_ROWS.keys())
def test_components(components: str, code: str) -> None:
    assert refusal(sign(components=components)).code == code


def test_further_plain_fields_are_accepted_and_bound() -> None:
    wire = sign(components=COMPONENTS + ' "accept"')
    Server().deliver(wire)
    assert refusal(wire.with_header("accept", "text/plain")).code == "signature_invalid"


def test_must_cover_names_further_components() -> None:
    assert refusal(sign(), must_cover=["accept"]).code == "component_missing"
    Server(must_cover=["accept"]).deliver(sign(components=COMPONENTS + ' "accept"'))


UNSIGNED = {
    "s18": ("authorization", "Bearer x"),
    "cookie": ("cookie", "a=b"),
    "s21": ("content-encoding", "gzip"),
    "idempotency-key": ("idempotency-key", '"k"'),
    "mcp-session-id": ("mcp-session-id", "s"),
    "mcp-protocol-version": ("mcp-protocol-version", "2025-11-25"),
}


@pytest.mark.parametrize(("name", "value"), UNSIGNED.values(), ids=UNSIGNED.keys())
def test_s18_s21_an_unsigned_header_that_changes_the_meaning_is_refused(name: str, value: str) -> None:
    refused = refusal(sign().with_header(name, value))
    assert (refused.code, refused.component) == ("header_not_covered", name)
    Server().deliver(sign(Wire().with_header(name, value), components=f'{COMPONENTS} "{name}"'))
    tolerant = Server(proxy_adds=[name]).deliver(sign().with_header(name, value))
    assert tolerant.hidden_headers == {name}


def test_only_what_a_proxy_added_and_nobody_signed_is_hidden_from_the_handler() -> None:
    server = {"proxy_adds": ["x-mesh", "cookie", "x-absent"]}
    signed = sign(Wire().with_header("cookie", "a=b"), components=f'{COMPONENTS} "cookie"')
    assert Server(**server).deliver(signed.with_header("x-mesh", "1")).hidden_headers == {"x-mesh"}
    assert Server(**server).deliver(signed).hidden_headers == frozenset()


def test_unsigned_headers_without_meaning_are_let_through() -> None:
    Server().deliver(sign().with_header("x-forwarded-for", "::1").with_header("user-agent", "x"))


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_s20_method_overrides_are_refused(name: str) -> None:
    assert refusal(sign().with_header(name, "DELETE")).code == "method_rejected"


def test_s23_s24_the_token_is_bound_to_the_request() -> None:
    other = forge(root_members(), child_members(1, why="another token of the same agent"))
    assert refusal(sign().with_header("delegation", f't="{other.text}"')).code == "signature_invalid"
    assert refusal(sign().without_header("delegation")).code == "delegation_missing"
    assert refusal(sign().without_header("delegation"), require_delegation=False).code == "key_unknown"


@pytest.mark.parametrize(
    "name", ["content-type", "content-digest", "agent-identity", "delegation", "host", "authorization"]
)
def test_s93_s111_headers_of_the_profile_are_one_line(name: str) -> None:
    wire = sign().with_header("authorization", "a").with_line(name, dict(Wire().headers).get(name, "a"))
    refused = refusal(wire)
    assert (refused.code, refused.component) == ("header_duplicate", name)


def test_a_covered_header_that_came_twice_is_refused() -> None:
    wire = sign(components=COMPONENTS + ' "accept"')
    assert refusal(wire.with_line("accept", "*/*")).code == "header_duplicate"
    Server().deliver(sign().with_line("accept", "*/*"))


# --- structured fields -----------------------------------------------------------------------------


def test_s26_a_repeated_member_is_refused_not_the_last_taken() -> None:
    wire = sign()
    member = dict(wire.headers)["signature-input"]
    twice = wire.with_header("signature-input", f"{member}, {member}")
    assert refusal(twice).code == "signature_input_malformed"
    signature = dict(wire.headers)["signature"]
    assert refusal(wire.with_header("signature", f"{signature}, {signature}")).code == "signature_malformed"


def test_s28_two_signatures_with_our_tag_are_ambiguous() -> None:
    one, two = sign(), sign(label="two")
    joined = one
    for name in ("signature-input", "signature"):
        joined = joined.with_header(name, f"{dict(one.headers)[name]}, {dict(two.headers)[name]}")
    assert refusal(joined).code == "signature_ambiguous"


FOREIGN = [
    'sig1=("@method" "@path";req "x";sf;key="a b");created=1;keyid="k";alg="rsa";tag="proxy"',
    "sig1=()",
    'sig1=( "@method"  )  ;a;b=?1;c=1.5;d=tok;e=:YQ==:;f=@5;g="\\"x\\\\";h=%"caf%c3%a9"'.replace(
        ")  ;", ");"
    ),
    'sig1=("a");x=";tag=\\"delegate-v1\\""',
    'sig1=("a");tag="delegate-v10"',
    'sig1=("a");tag="a-delegate-v1"',
    'sig1=("a");retag="delegate-v1"',
    'sig1=("a");tag="delegate-response-v1"',
]


@pytest.mark.parametrize("member", FOREIGN)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("lines", [True, False])
def test_s29_s45_s160_foreign_signatures_are_parsed_and_otherwise_unused(
    member: str, *, first: bool, lines: bool
) -> None:
    wire = sign()
    for name, theirs in (("signature-input", member), ("signature", "sig1=:YWJj:")):
        values = [theirs, dict(wire.headers)[name]] if first else [dict(wire.headers)[name], theirs]
        wire = wire.without_header(name)
        for value in values if lines else [", ".join(values)]:
            wire = wire.with_line(name, value)
    Server().deliver(wire)


@pytest.mark.parametrize(
    "member", ['sig1=("a', "sig1=5", "sig1", "Sig1=()", 'sig1=("a");x=1234567890123456', "sig1=(a\tb)", ""]
)
def test_s42_foreign_members_must_be_well_formed(member: str) -> None:
    wire = sign()
    value = f"{dict(wire.headers)['signature-input']}, {member}"
    assert refusal(wire.with_header("signature-input", value)).code == "signature_input_malformed"


def test_s42_no_signature() -> None:
    wire = sign()
    for name in ("signature", "signature-input"):
        assert refusal(wire.without_header(name)).code == "signature_missing"
    assert refusal(wire.with_header("signature-input", "")).code == "signature_input_malformed"
    assert refusal(wire.with_header("signature", "")).code == "signature_malformed"
    assert refusal(sign(tag='"other"')).code == "signature_missing"
    other = wire.with_header("signature", dict(wire.headers)["signature"].replace("dlg=", "x="))
    assert refusal(other).code == "signature_missing"


def test_at_most_four_members() -> None:
    wire = sign()
    for count, accepted in ((3, True), (4, False)):
        more = wire
        for name, value in (("signature-input", "f{}=()"), ("signature", "f{}=:YQ==:")):
            members = [dict(wire.headers)[name], *(value.format(index) for index in range(count))]
            more = more.with_header(name, ", ".join(members))
        if accepted:
            Server().deliver(more)
        else:
            assert refusal(more).code == "header_too_large"


PARAMETER_ROWS = {
    "s32-decimal": ({"created": f"{NOW}.0"}, "param_malformed"),
    "s33-negative": ({"created": "-1"}, "param_malformed"),
    "s34-16-digits": ({"created": "9999999999999999"}, "signature_input_malformed"),
    "s35-underscore": ({"created": "1_795_175_603"}, "signature_input_malformed"),
    "s36-arabic-digits": ({"created": "\xd9\xa1\xd9\xa7"}, "signature_input_malformed"),
    "leading-zero": ({"created": f"0{NOW}"}, "param_malformed"),
    "string": ({"created": f'"{NOW}"'}, "param_malformed"),
    "s37-nonce-token": ({"nonce": "abc"}, "param_malformed"),
    "s38-escape-n": ({"keyid": '"a\\n"'}, "signature_input_malformed"),
    "s38-escape-quote": ({"keyid": '"a\\"b"'}, "param_malformed"),
    "s40-unknown": ({"foo": "1"}, "param_malformed"),
    "s53-s59-no-expires": ({"expires": None}, "param_missing"),
    "no-created": ({"created": None}, "param_missing"),
    "no-nonce": ({"nonce": None}, "param_missing"),
    "no-keyid": ({"keyid": None}, "param_missing"),
    "no-alg": ({"alg": None}, "param_missing"),
    "s56-empty-window": ({"expires": str(NOW)}, "param_malformed"),
    "s56-backwards": ({"expires": str(NOW - 1)}, "param_malformed"),
    "window": ({"expires": str(NOW + 301)}, "window_too_long"),
    "s58-milliseconds": ({"created": f"{NOW}000", "expires": f"{NOW + 60}000"}, "timestamp_unit"),
    "s58-microseconds": ({"created": f"{NOW}0000"}, "timestamp_unit"),
    "s126-none": ({"alg": '"none"'}, "alg_not_allowed"),
    "s126-empty": ({"alg": '""'}, "alg_not_allowed"),
    "s126-rsa": ({"alg": '"rsa-v1_5-sha256"'}, "alg_not_allowed"),
    "a10-hmac": ({"alg": '"hmac-sha256"'}, "alg_not_allowed"),
    "a10-token": ({"alg": "ed25519"}, "param_malformed"),
    "a10-list": ({"alg": "(1)"}, "signature_input_malformed"),
    "s127-p256": ({"alg": '"ecdsa-p256-sha256"'}, "alg_key_mismatch"),
    "s139-path": ({"keyid": '"../../etc/passwd"'}, "holder_mismatch"),
    "s139-sql": ({"keyid": '"\' OR 1=1 --"'}, "holder_mismatch"),
    "empty-keyid": ({"keyid": '""'}, "holder_mismatch"),
    "b5-no-nonce": ({"nonce": '""'}, "nonce_malformed"),
    "b5-8-bytes": ({"nonce": f'"{b64url_encode(bytes(8))}"'}, "nonce_malformed"),
    "b5-17-bytes": ({"nonce": f'"{b64url_encode(bytes(17))}"'}, "nonce_malformed"),
    "s69-padded": ({"nonce": f'"{NONCE}=="'}, "nonce_malformed"),
    "s70-stray-bits": ({"nonce": f'"{NONCE[:-1]}x"'}, "nonce_malformed"),
    "b4-space": ({"nonce": f'"{NONCE} "'}, "nonce_malformed"),
    "b4-alphabet": ({"nonce": '"++++++++++++++++++++++"'}, "nonce_malformed"),
}


@pytest.mark.parametrize(("changes", "code"), PARAMETER_ROWS.values(), ids=PARAMETER_ROWS.keys())
def test_parameters(changes: dict[str, Any], code: str) -> None:
    assert refusal(sign(**changes)).code == code


@pytest.mark.parametrize("text", [";created=1;created=2", f";created={NOW}", ';tag="delegate-v1"'])
def test_s39_a_repeated_parameter_is_refused(text: str) -> None:
    assert refusal(sign(params=parameters() + text)).code == "param_malformed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (parameters().replace(";expires", "; expires"), "param_malformed"),
        (parameters() + ";", "signature_input_malformed"),
    ],
)
def test_parameters_have_one_serialization(text: str, code: str) -> None:
    assert refusal(sign(params=text)).code == code


def test_s52_ten_thousand_parameters_are_refused_by_size() -> None:
    assert refusal(sign(params=parameters() + ";a" * 10_000)).code == "header_too_large"
    assert refusal(sign(params=parameters() + ";a" * 900)).code == "header_too_large"
    assert refusal(sign(params=parameters() + ";a" * 500)).code == "param_malformed"


def signature_of(wire: Wire) -> str:
    return dict(wire.headers)["signature"].removeprefix("dlg=:").removesuffix(":")


SIGNATURE_ROWS = {
    "s46-base64url": lambda text: "-_" + text[2:],
    "s47-no-padding": lambda text: text.rstrip("="),
    "s48-stray-bits": lambda text: text[:-3] + chr(ord(text[-3]) + 1) + "==",
    "s49-padding-inside": lambda text: text[:10] + "==" + text[12:],
    "a12-63-bytes": lambda text: b64encode(bytes(63)).decode(),
    "a12-65-bytes": lambda text: b64encode(bytes(65)).decode(),
    "a12-empty": lambda text: "",
    "a12-space": lambda text: text[:10] + " " + text[11:],
}


@pytest.mark.parametrize("wound", SIGNATURE_ROWS.values(), ids=SIGNATURE_ROWS.keys())
def test_signature_bytes_have_one_form(wound: object) -> None:
    assert callable(wound)
    wire = sign()
    text = wound(signature_of(wire))
    assert text != signature_of(wire)
    assert refusal(wire.with_header("signature", f"dlg=:{text}:")).code == "signature_malformed"


def test_s130_a_malleated_signature_is_refused() -> None:
    wire = sign()
    raw = b64decode(signature_of(wire))
    order = 2**252 + 27742317777372353535851937790883648493
    malleated = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    text = b64encode(malleated).decode()
    assert refusal(wire.with_header("signature", f"dlg=:{text}:")).code == "signature_invalid"


@pytest.mark.parametrize("bit", range(0, 512, 37))
def test_a1_a_flipped_bit_of_the_signature_is_refused(bit: int) -> None:
    wire = sign()
    raw = bytearray(b64decode(signature_of(wire)))
    raw[bit // 8] ^= 1 << bit % 8
    refused = refusal(wire.with_header("signature", f"dlg=:{b64encode(raw).decode()}:"))
    assert (refused.code, refused.step) == ("signature_invalid", 7)


# --- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "code"), [(-5, None), (-6, "created_in_future"), (59, None), (60, "expired")]
)
def test_s53_s55_the_window_has_skew_at_its_start_and_none_at_its_end(now: int, code: str | None) -> None:
    """'created - skew <= now < expires'."""
    server = Server()
    server.clock.advance(now)
    if code is None:
        # the token's own iat has the same skew
        server.deliver(sign())
        return
    with pytest.raises(DelegateError) as refused:
        server.deliver(sign())
    assert (refused.value.code, refused.value.step) == (code, 4)


@pytest.mark.parametrize("settings", [{"skew": 31}, {"skew": -1}, {"window_max": 0}, {"window_max": 301}])
def test_s60_time_settings_are_bounded_and_never_disable(settings: dict[str, int]) -> None:
    with pytest.raises(DelegateError) as refused:
        Server(**settings)
    assert refused.value.code == "configuration"


def test_a_server_may_ask_for_shorter_windows() -> None:
    assert refusal(sign(), window_max=59).code == "window_too_long"
    Server(window_max=60).deliver(sign())


# --- target ----------------------------------------------------------------------------------------

PATHS = {
    "s81-dot-dot": "/x/../v1/orders",
    "dot": "/v1/./orders",
    "encoded-dots": "/v1/%2e%2E/orders",
    "half-encoded": "/v1/.%2e",
    "s84-encoded-slash": "/a%2Fb",
    "encoded-backslash": "/a%5cb",
    "encoded-nul": "/a%00",
    "s85-empty-segment": "//evil/p",
    "inner-empty": "/a//b",
    "s90-no-slash": "@google.com/p",
    "s91-star": "*",
    "empty": "",
    "absolute": "http://evil/p",
    "backslash": "/a\\b",
    "s100-fragment": "/p#frag",
    "bad-escape": "/a%2",
    "bad-hex": "/a%zz",
    "space": "/a b",
    "del": "/a\x7f",
    "raw-utf8": "/caf\xc3\xa9",
    "question": "/a?b",
    "not-utf8": "/a%ff",
    "half-utf8": "/a%c3",
    "split-utf8": "/%C3/%A9",
    "overlong-dots": "/%C0%AE%C0%AE/a",
    "surrogate": "/%ED%A0%80",
    "beyond-unicode": "/%F4%90%80%80",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_target_paths_that_two_could_read_differently_are_refused(path: str) -> None:
    refused = refusal(sign(Wire(path=path)))
    assert (refused.code, refused.component, refused.step) == ("target_rejected", "@path", 5)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/p",
        "/p/",
        "/a/b/c",
        "/p;x=1",
        "/%7Euser",
        "/a..b",
        "/...",
        "/@:!$&'()*+,",
        "/caf%C3%A9/%f0%9f%8d%89",
    ],
)
def test_s87_plain_paths_are_accepted(path: str) -> None:
    Server().deliver(sign(Wire(path=path)))


@pytest.mark.parametrize("query", ["a=%", "a=%2", "a b", "a#b", "\xe9", "a\x00"])
def test_queries_with_bad_bytes_are_refused(query: str) -> None:
    refused = refusal(sign(Wire(query=query)))
    assert (refused.code, refused.component) == ("target_rejected", "@query")


def test_the_target_is_bounded_before_it_is_read() -> None:
    exactly = Wire(path="/" + "a" * 4095, query="b" * 4096)
    Server().deliver(sign(exactly))
    refused = refusal(sign(replace(exactly, query="b" * 4097)))
    assert (refused.code, refused.limit) == ("target_rejected", 8192)


@pytest.mark.parametrize("query", ["", "a=1&a=2", "a=1;b=2", "?", "a=%2f..%2F", "a=/../b\\c", "a=%ff"])
def test_the_query_is_otherwise_opaque(query: str) -> None:
    Server().deliver(sign(Wire(query=query)))


CHANGED = {
    "s2-method": replace(sign(), method="PUT"),
    "s88-case": replace(sign(), path="/V1/orders"),
    "path": replace(sign(), path="/v1/orders2"),
    "trailing-slash": replace(sign(), path="/v1/orders/"),
    "s83-encoded-question": replace(sign(), path="/v1/orders%3Fdry=1", query=""),
    "s87-matrix": replace(sign(), path="/v1/orders;x=1"),
    "s102-order": replace(sign(Wire(query="a=1&b=2")), query="b=2&a=1"),
    "s103-separator": replace(sign(Wire(query="a=1&b=2")), query="a=1;b=2"),
    "s103-plus": replace(sign(Wire(query="a=+")), query="a=%20"),
    "query": replace(sign(), query="dry=0"),
    "a19-content-type": sign().with_header("content-type", "text/plain"),
}


@pytest.mark.parametrize("wire", CHANGED.values(), ids=CHANGED.keys())
def test_what_was_signed_cannot_change_on_the_way(wire: Wire) -> None:
    assert refusal(wire).code == "signature_invalid"


def test_s101_a_bare_question_mark_is_indistinguishable() -> None:
    """ASGI gives '/p' and '/p?' the same query, so both have the same signature base."""
    Server().deliver(sign(Wire(query="")))


@pytest.mark.parametrize("method", ["post", "Post", "P", "", "GE T", "CONNECT", "G\xcbT"])
def test_s104_methods_have_one_case(method: str) -> None:
    assert refusal(sign(Wire(method=method))).code == "method_rejected"


HOSTS = {
    "s92-path-in-host": "api.example.com/health?x=",
    "s94-empty": "",
    "s96-dot": "api.example.com.",
    "s96-dots": "api.example.com..",
    "s97-other": "other.example.com",
    "port": "api.example.com:8443",
    "userinfo": "user@api.example.com",
    "a16-evil": "api.example.com.evil",
    "list": "api.example.com, evil",
    "space": "api.example.com x",
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS.keys())
def test_hosts_that_are_not_an_origin_of_ours_are_refused(host: str) -> None:
    refused = refusal(sign(Wire().with_header("host", host)))
    assert (refused.code, refused.status) == ("authority_rejected", 421)


def test_s94_no_host() -> None:
    assert refusal(sign(Wire().without_header("host"))).code == "authority_rejected"


@pytest.mark.parametrize("host", ["API.Example.com", "api.example.com:443", "EXAMPLE.com:443"])
def test_s95_case_and_default_port_do_not_tell_origins_apart(host: str) -> None:
    """The signed @authority is the normalized one (RFC 9421 section 2.2.3); the Host line may differ."""
    wire = sign().with_header("host", host)
    if "api" in host.lower():
        Server().deliver(wire)
    else:
        assert refusal(wire).code == "authority_rejected"


@pytest.mark.parametrize("name", ["host", "content-type", "signature-input", "signature", "delegation"])
def test_white_space_around_a_value_is_not_part_of_it(name: str) -> None:
    """Of whatever header: HTTP takes it off both ends (RFC 9110 section 5.5), and so does RFC 9421."""
    wire = sign()
    Server().deliver(wire.with_header(name, f" \t{dict(wire.headers)[name]}\t "))


def test_s98_forwarded_headers_are_never_read() -> None:
    wire = sign()
    for name in ("x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-rewrite-url"):
        wire = wire.with_header(name, "evil.example")
    assert Server().deliver(wire).envelope.authority == "api.example.com"


def test_public_origin_ignores_host() -> None:
    wire = sign().with_header("host", "10.0.0.1:8000")
    assert refusal(wire).code == "authority_rejected"
    Server(public_origin="https://api.example.com").deliver(wire)


def test_s105_prefixes_that_a_proxy_strips_or_adds() -> None:
    stripped = replace(sign(Wire(path="/api/v1/orders")), path="/v1/orders")
    assert refusal(stripped).code == "signature_invalid"
    Server(public_prefix="/api").deliver(stripped)
    added = replace(sign(), path="/internal/v1/orders")
    assert refusal(added).code == "signature_invalid"
    Server(strip_prefix="/internal").deliver(added)
    assert refusal(sign(), strip_prefix="/internal").code == "target_rejected"
    assert refusal(replace(sign(), path="/internalx/v1"), strip_prefix="/internal").code == "target_rejected"


# --- body ------------------------------------------------------------------------------------------


def with_digest(value: str, body: bytes = BODY) -> Wire:
    return sign(Wire(body=body).with_header("content-digest", value))


GOOD_DIGEST = digest_of(BODY)
DIGEST_ROWS = {
    "s107-other": (digest_of(b"other"), "digest_mismatch"),
    "s109-sha-512-only": (f"sha-512=:{b64encode(bytes(64)).decode()}:", "digest_unsupported"),
    "s109-md5": ("md5=:AAAAAAAAAAAAAAAAAAAAAA==:", "digest_unsupported"),
    "s110-31-bytes": (f"sha-256=:{b64encode(bytes(31)).decode()}:", "digest_malformed"),
    "hex": ("sha-256=" + "00" * 32, "digest_malformed"),
    "empty": ("", "digest_malformed"),
    "twice": (f"{GOOD_DIGEST}, {GOOD_DIGEST}", "digest_malformed"),
}


@pytest.mark.parametrize(("value", "code"), DIGEST_ROWS.values(), ids=DIGEST_ROWS.keys())
def test_digests(value: str, code: str) -> None:
    refused = refusal(with_digest(value))
    assert (refused.code, refused.step) == (code, 9)


@pytest.mark.parametrize(
    "value", [GOOD_DIGEST, f"md5=:AAAA:, {GOOD_DIGEST}", f"{GOOD_DIGEST},x=:YQ==:", f"{GOOD_DIGEST};p=1"]
)
def test_sha_256_decides_whatever_stands_beside_it(value: str) -> None:
    Server().deliver(with_digest(value))


def test_s113_repr_digest_is_no_substitute() -> None:
    wire = Wire().without_header("content-digest").with_header("repr-digest", GOOD_DIGEST)
    assert refusal(sign(wire, components=without("content-digest"))).code == "component_missing"
    assert refusal(sign(wire)).code == "component_missing"


def test_d98_s114_the_digest_is_over_the_bytes_as_they_travel() -> None:
    packed = gzip.compress(BODY)
    wire = Wire(body=packed).with_header("content-encoding", "gzip")
    components = COMPONENTS + ' "content-encoding"'
    Server().deliver(sign(wire.with_header("content-digest", digest_of(packed)), components=components))
    decoded = sign(wire.with_header("content-digest", digest_of(BODY)), components=components)
    assert refusal(decoded).code == "digest_mismatch"


@pytest.mark.parametrize("body", [b"", BODY + b" ", BODY[:-1], BODY.replace(b"1250", b"1251"), BODY * 2])
def test_a19_a_changed_body_is_refused(body: bytes) -> None:
    refused = refusal(replace(sign(), body=body))
    assert (refused.code, refused.step) == ("digest_mismatch", 9)


def test_a_get_without_a_digest_has_no_body() -> None:
    bare = Wire(method="GET", body=b"").without_header("content-digest").without_header("content-type")
    components = '"@method" "@authority" "@path" "@query" "agent-identity" "delegation"'
    Server().deliver(sign(bare, components=components))
    assert refusal(replace(sign(bare, components=components), body=b"x")).code == "body_unexpected"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_that_act_carry_a_digest_of_an_empty_body_too(method: str) -> None:
    empty = Wire(method=method, body=b"").with_header("content-digest", digest_of(b""))
    Server().deliver(sign(empty))
    bare = empty.without_header("content-digest")
    assert refusal(sign(bare, components=without("content-digest"))).code == "component_missing"


def test_s115_a_body_over_the_limit_is_refused() -> None:
    exactly = Wire(body=b"x" * 100).with_header("content-digest", digest_of(b"x" * 100))
    Server(body_limit=100).deliver(sign(exactly))
    assert refusal(sign(exactly), body_limit=99).code == "body_too_large"


# --- token and identity ----------------------------------------------------------------------------

DELEGATION = [
    ("", "delegation_malformed"),
    ("t=", "delegation_malformed"),
    ('t=""', "delegation_malformed"),
    ('t="dlg1"', "delegation_malformed"),
    ('t="dlg2.AA.AA"', "unsupported_version"),
    ('h=":AAAA:"', "delegation_malformed"),
    (f't="{chain(1).text}", h=:AAAA:', "delegation_malformed"),
    (f't="{chain(1).text}";x=1', "delegation_malformed"),
    (f't="{chain(1).text}", t="{chain(1).text}"', "delegation_malformed"),
    (f"t={chain(1).text}", "delegation_malformed"),
    (f'T="{chain(1).text}"', "delegation_malformed"),
    (f't="{"x" * 7000}"', "header_too_large"),
]


@pytest.mark.parametrize(("value", "code"), DELEGATION, ids=range(len(DELEGATION)))
def test_s152_s154_the_delegation_header_holds_one_token(value: str, code: str) -> None:
    assert refusal(sign(Wire().with_header("delegation", value))).code == code


def test_what_is_not_the_header_is_told_from_what_is_not_a_token() -> None:
    for value in (f't="{chain(1).text}"x"', f't="{chain(1).text}', "t"):
        assert refusal(sign(Wire().with_header("delegation", value))).component == "delegation"
    assert refusal(sign(Wire().with_header("delegation", 't="dlg1.A"'))).component is None


IDENTITY = [
    ('"agent-0"', "identity_mismatch"),
    ('"Agent-1"', "identity_mismatch"),
    ('"agent-1 "', "malformed"),
    ("agent-1", "malformed"),
    ('"agent-1";role="admin"', "malformed"),
    ('"agent-1";run="a";run="b"', "malformed"),
    ("", "malformed"),
    ('"agent-1";run="' + "x" * 600 + '"', "header_too_large"),
]


@pytest.mark.parametrize(("value", "code"), IDENTITY, ids=range(len(IDENTITY)))
def test_the_identity_is_the_holders(value: str, code: str) -> None:
    assert refusal(sign(Wire().with_header("agent-identity", value))).code == code


def test_claimed_names_are_exposed_and_signed() -> None:
    wire = sign(Wire().with_header("agent-identity", '"agent-1";run="rt-1";sid="s"'))
    verified = Server().deliver(wire)
    assert (verified.identity.run, verified.identity.session) == ("rt-1", "s")
    changed = wire.with_header("agent-identity", '"agent-1";run="rt-2";sid="s"')
    assert refusal(changed).code == "signature_invalid"


def test_a_value_with_a_line_end_never_forges_a_base() -> None:
    """'Two different envelopes never share canonical bytes.'"""
    components = COMPONENTS + ' "accept"'
    for value in ('a\n"x-b": c', "a\rb", "a\x00b"):
        wire = sign(Wire().with_header("accept", value), components=components)
        assert refusal(wire).code == "malformed"
    assert refusal(sign(Wire().with_header("accept", "\xe9"), components=components)).code == "malformed"
