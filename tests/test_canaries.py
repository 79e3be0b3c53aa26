"""Secrets stay inside (design rule 8): canaries are planted everywhere, and every way out is searched.

What counts as a secret here: private keys, passphrases, token texts, signatures and nonces. Each test makes
things go wrong in as many ways as it can think of and looks into messages, ``repr``, tracebacks with their
source lines, pickles, log records and problem details.
"""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delegate.client.messages import sign_message
from delegate.clock import ManualClock
from delegate.encoding import b64_encode, b64url_encode
from delegate.errors import DelegateError
from delegate.keys import PublicKey, SigningKey, TrustStore
from delegate.keys.jwks import from_jwks
from delegate.observer import Event
from delegate.scope import Action
from delegate.server.problem import public_refusal
from delegate.token import attenuate, parse_unverified
from tests.client.support import NOW as CLIENT_NOW
from tests.client.support import WORKER_KEY, entered
from tests.support.forge import ISSUER_KEY, KEYS, NOW, chain, child_members, forge, root_members
from tests.support.letter import AUDIENCE, Letter, Worker
from tests.support.telemetry import Telemetry
from tests.support.wire import COMPONENTS, NONCE, Server, Wire, sign, token

SEED = bytes(range(1, 33))
PASSPHRASE = "canary-passphrase-4711"


def secrets_of(wire: Wire) -> Iterator[str]:
    """Everything in ``wire`` that must not get out."""
    headers = dict(wire.headers)
    text = headers.get("delegation", 't=""')[3:-1]
    yield text
    yield from (part for part in text.split(".") if len(part) > 40)
    yield headers.get("signature", "dlg=:canary-signature:")[5:-1]
    yield NONCE
    yield repr(bytes(range(16)))[2:-1]


def ways_out(error: BaseException) -> Iterator[str]:
    """Every text that an exception may end up in."""
    yield str(error)
    yield repr(error)
    yield "".join(traceback.format_exception(error))
    yield repr(pickle.dumps(error))
    yield repr(vars(error))
    if isinstance(error, DelegateError):
        for development in (False, True):
            yield json.dumps(dict(public_refusal(error, development=development).members))


WOUNDS: dict[str, Callable[[], Wire]] = {
    "replayed": sign,
    "other-path": lambda: replace(sign(), path="/other"),
    "other-body": lambda: replace(sign(), body=b"x"),
    "bad-signature": lambda: sign().with_header("signature", "dlg=:" + "A" * 86 + "==:"),
    "short-signature": lambda: sign().with_header("signature", "dlg=:QUJD:"),
    "bad-nonce": lambda: sign(nonce=f'"{NONCE}=="'),
    "two-nonces": lambda: sign().with_header(
        "signature-input", f'dlg=({COMPONENTS});nonce="{NONCE}";nonce="{NONCE}"'
    ),
    "thief": lambda: sign(key=KEYS[5], keyid=f'"{KEYS[5].key_id}"'),
    "mangled-token": lambda: sign(Wire().with_header("delegation", f't="{token().text}!"')),
    "cut-token": lambda: sign(Wire().with_header("delegation", f't="{token().text[:-9]}"')),
    "spliced": lambda: sign(
        Wire().with_header(
            "delegation", f't="{forge(root_members(), child_members(1), keys=(KEYS[3],)).text}"'
        )
    ),
    "widened": lambda: sign(
        Wire().with_header(
            "delegation", f't="{forge(root_members(), child_members(1, exp=NOW + 9999)).text}"'
        )
    ),
    "expired": lambda: sign(created=str(NOW - 99), expires=str(NOW - 9)),
    "line-end": lambda: sign(Wire().with_header("accept", "a\nb"), components=COMPONENTS + ' "accept"'),
    "two-tokens": lambda: sign().with_line("delegation", f't="{token().text}"'),
}


@pytest.mark.parametrize("wound", WOUNDS.values(), ids=WOUNDS.keys())
def test_d112_no_refusal_tells_a_secret(wound: Callable[[], Wire], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="delegate")
    server, wire = Server(), wound()
    errors: list[DelegateError] = []
    for _ in range(2):
        try:
            server.deliver(wire)
        except DelegateError as error:
            errors.append(error)
    assert errors
    explained = server.verifier.explain(wire.request(), wire.body)
    records = [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    texts = [text for error in errors for text in ways_out(error)]
    texts += [*records, explained.to_text(), json.dumps(explained.to_json()), repr(explained)]
    for secret in secrets_of(wire):
        assert not [text for text in texts if secret in text], f"{secret[:12]}... got out"


def test_what_was_accepted_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="delegate")
    wire = sign()
    verified = Server().deliver(wire)
    grant = verified.authorize(Action("orders.read", operation="read", risk="low"))
    texts = [repr(x) for x in (verified, grant, verified.envelope, verified.token, verified.identity)]
    texts += [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    for secret in secrets_of(wire):
        assert not [text for text in texts if secret in text], f"{secret[:12]}... got out"


def test_tokens_show_no_text() -> None:
    held = chain(3)
    texts = [repr(held), str(held), f"{held}"]
    with pytest.raises(TypeError) as refused:
        pickle.dumps(held)
    texts += list(ways_out(refused.value))
    attempts: list[Callable[[], Any]] = [
        lambda: attenuate(held, KEYS[9], agent="x", holder=KEYS[1].public_key),
        lambda: parse_unverified(held.text + "."),
        lambda: parse_unverified(held.text.replace("dlg1", "dlg7")),
    ]
    for attempt in attempts:
        with pytest.raises(DelegateError) as error:
            attempt()
        texts += list(ways_out(error.value))
    for part in held.text.split(".")[1:]:
        assert not [text for text in texts if part in text]


def key_failures(folder: Path) -> Iterator[Callable[[], Any]]:
    key = SigningKey.from_seed(SEED)
    encrypted, plain = folder / "encrypted.pem", folder / "plain.pem"
    key.save(encrypted, passphrase=PASSPHRASE)
    key.save(plain)
    yield lambda: SigningKey.load(encrypted, passphrase="wrong-" + PASSPHRASE)
    yield lambda: SigningKey.load(encrypted)
    yield lambda: key.save(plain)
    yield lambda: pickle.dumps(key)
    yield lambda: SigningKey.from_seed(SEED + b"!")
    yield lambda: PublicKey.from_text(b64url_encode(SEED))
    yield lambda: PublicKey.from_text("seed:" + b64url_encode(SEED))
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(SEED), "d": b64url_encode(SEED)}
    yield lambda: from_jwks(json.dumps({"keys": [jwk]}).encode())
    yield lambda: from_jwks(json.dumps({"keys": [{"kty": "oct", "k": b64url_encode(SEED)}]}).encode())
    wrong = folder / "trust.json"
    wrong.write_text(json.dumps({"version": 1, "issuers": {"a": {"secret": b64url_encode(SEED)}}}))
    yield lambda: TrustStore.load(wrong)
    yield lambda: SigningKey.from_pem(plain.read_bytes()[:-30])


def test_keys_and_passphrases_stay_inside(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    forms = [SEED.hex(), repr(SEED)[2:-1], b64_encode(SEED), b64url_encode(SEED), PASSPHRASE]
    for attempt in key_failures(tmp_path):
        with pytest.raises((DelegateError, TypeError)) as refused:
            attempt()
        for text in ways_out(refused.value):
            assert not [form for form in forms if form in text]
    key = SigningKey.from_seed(SEED)
    for text in (repr(key), str(key), repr(vars(type(key))), repr(key.public_key)):
        assert not [form for form in forms if form in text]


QUERY = "card=4111-canary-query"


@pytest.mark.parametrize("wound", WOUNDS.values(), ids=WOUNDS.keys())
def test_no_span_metric_or_log_tells_a_secret(
    wound: Callable[[], Wire], caplog: pytest.LogCaptureFixture
) -> None:
    """'Free of secrets': whatever happens, none is in what leaves by telemetry."""
    caplog.set_level(logging.DEBUG, logger="delegate")
    telemetry = Telemetry()
    server = Server(observer=telemetry.observer)
    server.verifier.observe(sign(replace(Wire(), query=QUERY)).request(), Wire().body)
    wire = wound()
    for _ in range(2):
        server.verifier.observe(wire.request(), wire.body)
    secrets = [*secrets_of(wire), QUERY, *key_forms()]
    require_absent(secrets, [*telemetry.texts(), *record_texts(caplog)])


def test_messages_and_signing_tell_no_secret_either(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="delegate")
    telemetry = Telemetry()
    worker, letter = Worker(observer=telemetry.observer), Letter()
    for each in (letter, letter, replace(letter, params={"q": QUERY}), letter.changed(keyid=NONCE)):
        worker.verifier.observe(each.message())
    clock = ManualClock(CLIENT_NOW)
    with entered(audience=[AUDIENCE]) as delegation:
        signed = sign_message("m", QUERY, audience=AUDIENCE, clock=clock, observer=telemetry.observer)
        texts = [delegation.token.text, *delegation.token.text.split(".")[1:]]
    outer = json.loads(letter.envelope())
    secrets = [
        *(text for text in texts if len(text) > 40),
        *letter.members["delegation"].split(".")[1:],
        b64url_encode(signed.envelope.nonce),
        signed.text,
        NONCE,
        QUERY,
        outer["payload"],
        outer["signatures"][0]["sig"],
        json.loads(signed.text)["signatures"][0]["sig"],
        *key_forms(),
    ]
    assert len(telemetry.spans) == 5
    require_absent(secrets, [*telemetry.texts(), *record_texts(caplog)])


def key_forms() -> Iterator[str]:
    """The private keys of these tests, as they could leak."""
    for key in (*KEYS[:2], ISSUER_KEY, WORKER_KEY):
        for form in key.__known_secrets__():
            yield form.decode("latin-1") if form.isascii() else repr(form)[2:-1]


def record_texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Everything in the log records, the attributes beside the text among it."""
    return [caplog.text, *(repr(vars(record)) for record in caplog.records)]


def require_absent(secrets: list[str], texts: list[str]) -> None:
    assert texts
    for secret in secrets:
        assert not [text for text in texts if secret in text], f"{secret[:12]}... got out"


def test_the_search_would_find_a_leak_in_telemetry() -> None:
    telemetry = Telemetry()
    telemetry.observer.begin("sign")(Event(operation="sign", verdict="accepted", code=NONCE, agent=QUERY))
    for leak in (NONCE, QUERY):
        with pytest.raises(AssertionError):
            require_absent([leak], [*telemetry.texts()])


def test_the_search_would_find_a_leak() -> None:
    """The positive control: an error that does tell is caught by the same search."""
    wire = sign()
    leak = DelegateError(f"the token {token().text} is bad")
    assert any(secret in text for secret in secrets_of(wire) for text in ways_out(leak))
