"""Published failures of other libraries, made into the input that would be the same failure here.

Each test names its source. None of the libraries is at fault any more; the kinds of mistakes stay. Beside
every refusal stands the good input that differs from it in nothing else.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from delegate.canonical import parse_strict
from delegate.encoding import b64url_encode
from delegate.errors import (
    AlgKeyMismatchError,
    AlgNotAllowedError,
    AuthorityRejectedError,
    ConfigurationError,
    DelegateError,
    DelegationExpiredError,
    DelegationMalformedError,
    DelegationSignatureInvalidError,
    DigestMismatchError,
    HeaderDuplicateError,
    HolderMismatchError,
    KeyPurposeError,
    KeyUnknownError,
    KeyWeakError,
    MalformedError,
    NonceMalformedError,
    OutOfScopeError,
    SignatureInputMalformedError,
    SignatureInvalidError,
    TargetRejectedError,
    TooLargeError,
    UntrustedRootError,
)
from delegate.keys import KeyRecord, PublicKey, Purpose, Usage, from_jwks
from delegate.scope import Action, Scope
from delegate.token import parse_unverified
from delegate.verifier.chain import require_chain
from tests.support import p256
from tests.support.forge import ISSUER_KEY, KEYS, NOW, ORIGIN, chain, child_members, forge, root_members
from tests.support.wire import COMPONENTS, NONCE, Server, Wire, digest_of, sign, trust_store

STORE = trust_store().snapshot


def refusal(wire: Wire, **settings: Any) -> DelegateError:
    with pytest.raises(DelegateError) as refused:
        Server(**settings).deliver(wire)
    return refused.value


def judged(*blocks: dict[str, Any], now: int = NOW, **more: Any) -> None:
    require_chain(forge(*blocks, **more), STORE, origin=ORIGIN, now=now)


# --- which key, which algorithm --------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["none", "None", "", "HS256", "hmac-sha256"])
def test_cve_2015_9235_jsonwebtoken_the_message_does_not_choose_the_algorithm(alg: str) -> None:
    """CVE-2015-9235 (node-jsonwebtoken) and kin: ``alg`` none, or HMAC keyed with the public key."""
    Server().deliver(sign())
    assert type(refusal(sign(alg=f'"{alg}"'))) is AlgNotAllowedError


def test_cve_2016_10555_jwt_simple_the_key_decides_which_algorithm_is_run() -> None:
    """CVE-2016-10555 (jwt-simple): a header naming another algorithm than the key is for."""
    Server().deliver(sign())
    assert type(refusal(sign(alg='"ecdsa-p256-sha256"'))) is AlgKeyMismatchError


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "cnf"])
def test_cve_2018_0114_node_jose_a_key_in_the_message_is_not_believed(member: str) -> None:
    """CVE-2018-0114 (Cisco node-jose): the verifier took the public key out of the token it was checking."""
    stranger = KEYS[9]
    judged(root_members())
    with pytest.raises(UntrustedRootError):
        judged(root_members(kid=stranger.key_id), keys=(stranger,))
    with pytest.raises(DelegationMalformedError) as refused:
        judged(root_members(**{member: stranger.public_key.text}))
    assert refused.value.field == member


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "/etc/passwd", "key' UNION SELECT 'x", "https://evil.example/k"]
)
def test_rfc8725_a_key_id_is_no_path_query_or_address(kid: str) -> None:
    """RFC 8725 section 3.10: a ``kid`` that named a file, or went into SQL, as the attacker chose."""
    judged(root_members())
    with pytest.raises(UntrustedRootError):
        judged(root_members(kid=kid))


def test_cve_2017_11424_and_cve_2022_29217_pyjwt_a_public_key_is_no_shared_secret() -> None:
    """CVE-2017-11424, CVE-2022-29217 (PyJWT), CVE-2024-33663 (python-jose): PEM text as an HMAC key."""
    x = b64url_encode(KEYS[0].public_key.raw)
    good = {"kty": "OKP", "crv": "Ed25519", "x": x}
    assert from_jwks({"keys": [good]}) == (KEYS[0].public_key,)
    with pytest.raises(AlgNotAllowedError):
        from_jwks({"keys": [{"kty": "oct", "x": x}]})
    with pytest.raises(MalformedError):
        from_jwks({"keys": [{"kty": "oct", "k": x}]})
    for text in ("ssh-ed25519 AAAA", "-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(DelegateError):
            PublicKey.from_text(text)


def test_a_key_for_one_use_is_no_key_for_another() -> None:
    """RFC 8725 section 2.7, cross-JWT confusion: what was signed for one use was taken for another."""
    record = KeyRecord(key=ISSUER_KEY.public_key, usages=frozenset({Usage.REQUEST}), not_before=0)
    judged(root_members())
    with pytest.raises(KeyPurposeError):
        require_chain(chain(1), trust_store(keys=(record,)).snapshot, origin=ORIGIN, now=NOW)


# --- signatures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("r", "s"), [(0, 0), (0, 1), (p256.N, 1), (1, 0), (p256.N, p256.N)])
def test_cve_2022_21449_java_psychic_signatures(r: int, s: int) -> None:
    """CVE-2022-21449 (Java 15 to 18): r and s of zero verified for every message under every key."""
    key = p256.KEYS[0]
    message = b"any message"
    for check in (key.public_key.verify, key.public_key.verify_http):
        check(key.sign(Purpose.REQUEST, message), message)
        with pytest.raises(SignatureInvalidError):
            check(p256.join(r, s), message)


def test_cve_2020_36843_ed25519_java_a_signature_has_one_form() -> None:
    """CVE-2020-36843 (EdDSA-Java), CVE-2024-48949 (elliptic): S + L verified as S does."""
    group_order = 2**252 + 27742317777372353535851937790883648493
    good = KEYS[0].sign(Purpose.REQUEST, b"m")
    KEYS[0].public_key.verify(good, b"m")
    s = int.from_bytes(good[32:], "little") + group_order
    with pytest.raises(SignatureInvalidError):
        KEYS[0].public_key.verify(good[:32] + s.to_bytes(32, "little"), b"m")


def test_many_eddsas_a_key_of_small_order_signs_nothing() -> None:
    """'Taming the many EdDSAs' (2020): under the point (0, 1) one signature is good for every message."""
    identity = (1).to_bytes(32, "little")
    PublicKey.from_raw(KEYS[0].public_key.raw)
    with pytest.raises(KeyWeakError):
        PublicKey.from_raw(identity)


def test_bip_146_a_malleated_token_is_refused_and_would_keep_its_id() -> None:
    """BIP 146 (Bitcoin): (r, n - s) made a second id of one transaction; here, of a revoked token."""
    issuer = p256.KEYS[3]
    record = KeyRecord(key=issuer.public_key, usages=frozenset({Usage.ISSUE}), not_before=0)
    trust = trust_store(keys=(record,)).snapshot
    token = forge(root_members(kid=issuer.key_id), keys=(issuer,))
    require_chain(token, trust, origin=ORIGIN, now=NOW)
    head = token.text.rpartition(".")[0]
    other = parse_unverified(f"{head}.{b64url_encode(p256.other_s(token.last.signature))}")
    assert other.token_id == token.token_id
    with pytest.raises(DelegationSignatureInvalidError):
        require_chain(other, trust, origin=ORIGIN, now=NOW)


# --- parsers that disagree -------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['{"amount":1,"amount":1000}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":2}}'])
def test_cve_2017_12635_couchdb_one_member_is_not_two(text: str) -> None:
    """CVE-2017-12635 (CouchDB): of a member named twice, one was checked and the other was used."""
    assert parse_strict(b'{"amount":1}') == {"amount": 1}
    with pytest.raises(MalformedError):
        parse_strict(text.encode())


def test_cve_2025_25291_ruby_saml_what_is_verified_is_what_is_read() -> None:
    """CVE-2025-25291, CVE-2025-25292 (ruby-saml): two parsers saw two documents in the same bytes."""
    judged(root_members())
    members = json.dumps(root_members(), sort_keys=True)  # with spaces: the same value, other bytes
    padded = b64url_encode(members.encode())
    signature = chain(1).text.rpartition(".")[2]
    with pytest.raises(DelegateError) as refused:
        parse_unverified(f"dlg1.{padded}.{signature}")
    assert refused.value.code == "non_canonical"


def test_cve_2025_30204_golang_jwt_dots_are_bounded_before_they_are_split() -> None:
    """CVE-2025-30204 (golang-jwt): a header of dots cost memory for each of them."""
    parse_unverified(chain(1).text)
    for text in ("dlg1" + "." * 16_000, "dlg1." + "." * 1_000_000):
        with pytest.raises(TooLargeError):
            parse_unverified(text)


@pytest.mark.parametrize("ending", ["=", "==", "\n", " ", "!", "."])
def test_itsdangerous_a_text_with_more_at_its_end_is_another_text(ending: str) -> None:
    """itsdangerous decodes base64 leniently, so a token with ``!!`` behind it is accepted as well."""
    text = chain(1).text
    require_chain(parse_unverified(text), STORE, origin=ORIGIN, now=NOW)
    with pytest.raises(DelegationMalformedError):
        parse_unverified(text + ending)


@pytest.mark.parametrize("nonce", [NONCE + "==", NONCE + " ", NONCE.swapcase() + "=", NONCE[:-1] + "x"])
def test_cve_2025_6014_openbao_a_code_has_one_spelling(nonce: str) -> None:
    """CVE-2025-6014 (Vault, OpenBao): a one-time code was good again in another spelling."""
    Server().deliver(sign())
    assert type(refusal(sign(nonce=f'"{nonce}"'))) is NonceMalformedError


# --- messages on their way -------------------------------------------------------------------------


def test_cve_2025_57804_h2_a_value_cannot_add_a_line_to_what_is_signed() -> None:
    """CVE-2025-57804 (h2): a line end inside a value became a second line."""
    Server().deliver(sign(Wire().with_header("x-note", "a"), components='"x-note" ' + COMPONENTS))
    for value in ('a\n"@method": GET', "a\r\nx: y", "a\x00"):
        wire = sign(Wire().with_header("x-note", value), components='"x-note" ' + COMPONENTS)
        assert type(refusal(wire)) is MalformedError


def test_two_members_of_one_label_do_not_choose_between_signatures() -> None:
    """RFC 8941 lets the last member win; a proxy that keeps the first then verifies another signature."""
    good = dict(sign().headers)
    Server().deliver(sign())
    doubled = sign().with_header("signature-input", f"{good['signature-input']}, dlg=()")
    assert type(refusal(doubled)) is SignatureInputMalformedError
    assert type(refusal(sign().with_line("content-digest", digest_of(b"other")))) is HeaderDuplicateError


def test_cve_2025_59420_authlib_what_is_critical_and_unknown_is_refused() -> None:
    """CVE-2025-59420 (Authlib): a ``crit`` header naming what the library does not know was let through."""
    judged(root_members())
    with pytest.raises(DelegationMalformedError) as refused:
        judged(root_members(crit=["bork"], bork=1))
    assert refused.value.field == "bork"


@pytest.mark.parametrize("path", ["@evil.example/p", "//evil.example/p", "/a/../b", "/a%2fb", "/%2e%2e/b"])
def test_cve_2021_41773_httpd_and_kin_a_path_is_never_repaired(path: str) -> None:
    """CVE-2021-41773 (Apache httpd) and kin: the path that was checked was not the path that was served."""
    Server().deliver(sign(Wire(path="/a/b")))
    assert type(refusal(sign(Wire(path=path)))) is TargetRejectedError


def test_password_reset_poisoning_the_host_does_not_name_the_server() -> None:
    """Django CVE-2012-4520 and kin: links and decisions made from whatever Host said."""
    Server().deliver(sign())
    spoofed = sign().with_header("x-forwarded-host", "evil.example")
    assert Server().deliver(spoofed).envelope.authority == "api.example.com"
    assert type(refusal(sign().with_header("host", "evil.example"))) is AuthorityRejectedError


def test_an_unsigned_body_is_not_a_signed_request() -> None:
    """Webhook libraries that verify the digest header's signature and not the body against the header."""
    Server().deliver(sign())
    wounded = Wire(body=b'{"cents":9}', headers=sign().headers)
    assert type(refusal(wounded)) is DigestMismatchError


# --- delegation ------------------------------------------------------------------------------------


def test_cve_2022_31053_biscuit_a_holder_cannot_take_a_block_away() -> None:
    """CVE-2022-31053 (Biscuit 1): blocks could be exchanged under a forged aggregate signature."""
    text = chain(3).text
    require_chain(parse_unverified(text), STORE, origin=ORIGIN, now=NOW)
    parts = text.split(".")
    with pytest.raises(DelegationSignatureInvalidError):
        require_chain(parse_unverified(".".join(parts[:3] + parts[5:])), STORE, origin=ORIGIN, now=NOW)
    shorter = ".".join(parts[:5])
    wire = Wire().with_header("delegation", f't="{shorter}"').with_header("agent-identity", '"agent-1"')
    keyid = f'"{KEYS[2].key_id}"'
    assert type(refusal(sign(wire, key=KEYS[2], keyid=keyid))) is HolderMismatchError


@pytest.mark.parametrize("hops", [1, 2, 3, 10])
def test_digitalbazaar_zcap_an_expired_parent_ends_every_child(hops: int) -> None:
    """@digitalbazaar/zcap 9.0.1: the expiry of a parent was not looked at under a child."""
    children = [child_members(index) for index in range(1, hops + 1)]
    blocks = [root_members(dep=15, exp=NOW + 60), *children]
    judged(*blocks, now=NOW + 59)
    with pytest.raises(DelegationExpiredError) as refused:
        judged(*blocks, now=NOW + 60)
    assert refused.value.block == 0


def test_cwe_863_a_prefix_is_not_a_path() -> None:
    """CWE-863: gateways whose permission for one path held for what merely begins like it."""
    scope = Scope(tools=["t"], operations=["read"], resources={"file": {"path": ["/data/**"]}})
    action = {"tool": "t", "operation": "read", "risk": "low"}
    scope.require_permits(Action(**action, resources={"file": ["/data/a"]}), block=0)
    with pytest.raises(OutOfScopeError):
        scope.require_permits(Action(**action, resources={"file": ["/data-evil/a"]}), block=0)


def test_openfga_cve_2026_55689_a_server_without_an_audience_does_not_start() -> None:
    """An audience that nobody configured was taken for any audience."""
    with pytest.raises(ConfigurationError):
        Server(origins=[])
    Server(origins=[ORIGIN])


def test_a_direct_key_of_another_tenant_is_unknown() -> None:
    """OpenBao CVE-2026-40264 and kin: what one tenant registered was found by another."""
    record = KeyRecord(
        key=KEYS[1].public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        agent="agent-1",
        direct_scope=Scope(tools=["orders.read"], operations=["read"]),
    )
    direct = sign(Wire().without_header("delegation"), components=COMPONENTS.replace(' "delegation"', ""))
    theirs = trust_store(keys=(record,))
    Server(trust=theirs, require_delegation=False).deliver(direct)
    assert type(refusal(direct, require_delegation=False, tenant="b")) is KeyUnknownError
