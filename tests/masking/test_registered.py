"""Known values come first: registered secrets and the library's own, in every form they travel in."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest

from delegate import known_secrets
from delegate.errors import ConfigurationError
from delegate.keys import SigningKey
from delegate.masking import Masker, Policy, mask_metadata, register_secret, registered
from delegate.masking.known import KnownValues
from tests.masking.samples import masked

WORDS = "the quick brown fox"
FULL = 'say "friend" & enter'


def test_a_registered_secret_is_masked_wherever_it_stands() -> None:
    """'masked exactly, also in base64 (three alignments), percent and JSON-escaped form'"""
    assert masked({"a": WORDS}) == {"a": WORDS}
    register_secret(WORDS)
    register_secret(FULL.encode())
    register_secret(WORDS)
    for secret in (WORDS, FULL):
        forms = [secret, urllib.parse.quote(secret), json.dumps({"x": secret})]
        forms += [base64.b64encode(b"x" * pad + secret.encode() + b"tail").decode() for pad in range(3)]
        for form in forms:
            for value in (
                form,
                {"note": f"see {form} there"},
                [form.encode()],
                {form: 1},
                {"agent_id": form},
            ):
                out = str(masked(value))
                assert "known_secret" in out, value
                assert secret not in out
                assert masked(masked(value)) == masked(value)
    assert mask_metadata(WORDS) == "[MASKED:known_secret]"
    assert Masker(Policy(allow=frozenset({WORDS}))).mask(WORDS).value == "[MASKED:known_secret]"


def test_the_librarys_own_keys_are_known() -> None:
    key = SigningKey.generate()
    (secret, *_) = key.__known_secrets__()
    text = base64.b64encode(secret).decode()
    assert text not in masked({"note": f"dump {text}"})["note"]


def test_nothing_known_is_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_secrets, "values", lambda: iter(()))
    values = KnownValues()
    assert not values.stand_in([WORDS])
    assert list(values.find(WORDS)) == []


@pytest.mark.parametrize("secret", ["short", b"1234567", "\ud800" * 20])
def test_a_secret_too_short_to_be_told_from_words_is_refused(secret: str | bytes) -> None:
    with pytest.raises(ConfigurationError) as caught:
        register_secret(secret)
    assert str(secret) not in str(caught.value)


def test_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "MASKING_MAX_SECRETS", 0)
    with pytest.raises(ConfigurationError):
        register_secret("one more than there may be")


def test_one_more_than_there_may_be_is_refused_but_not_the_same_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registered, "MASKING_MAX_SECRETS", 2)
    holder = registered._Registered()
    for secret in (b"first of two", b"second of two", b"first of two"):
        holder.add(secret)
    with pytest.raises(ConfigurationError) as caught:
        holder.add(b"third of two")
    assert (caught.value.field, caught.value.limit) == ("secret", 2)
    assert list(holder.__known_secrets__()) == [b"first of two", b"second of two"]


@pytest.mark.parametrize("secret", ["qz7-4wx!", b"qz8-4wx!", "q\u00fc9-4wx"])
def test_eight_bytes_are_enough(secret: str | bytes) -> None:
    text = secret if isinstance(secret, str) else secret.decode()
    assert masked([f"see {text} there"]) == [f"see {text} there"]
    register_secret(secret)
    assert masked([f"see {text} there"]) == ["see [MASKED:known_secret] there"]
