"""Key names: what they say about the value under them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.limits import MASKING_NAME_MAX_CHARS
from delegate.masking.key_names import KINDS, KeyClass, classify, kind_of

STRONG = """
    password dbPassword DB_PASSWORD db-password db.password userPassword passwd pwd pw passphrase rootPass
    mysql_pass keypass password_hash client_secret clientSecret AWSSecretAccessKey secret secrets SECRET_KEY
    x-api-key X-Api-Key apiKey api_key apikey IBMCLOUDIAMAPIKEY access_key account_key privateKey private-key
    encryption_key access_token refreshToken id_token auth_token sessionToken bearer_token authorization
    Proxy-Authorization cookie Set-Cookie connectionString pin pin_code cvv otp mnemonic seed_phrase
    mysecretpassword some_api_token_123 mySecretString slapikey password2 my_password_super_secure motDePasse
    public_password test_db_pass smtppass bindpass
"""
WEAK = """
    token key auth session sid credentials creds genericToken HEROKU_KEY some_token_123 secret_kept pass
    secret_key_base todo_secret_do_not_commit signature etherscantoken sessionid secret_public_note
    minipass node-minipass
"""
NONE = """
    license nonce audience-pin.json pin_id cannot_pass to_pass password_hashers PASSWORD_RESET_TIMEOUT
    max_tokens token_count input_tokens next_page_token nextPageToken key_id keyId kms_key_id password_policy
    passwordPolicy has_password is_secret secret_name token_type public_key publicKey primary_key foreignKey
    cache_key sort_key csrf-token author authorized authentication accessor keyboard keyword monkey tokenizer
    secretary bypass compass first_pass name id url note description access_token_url api_version key_name
    session_name cookie_name user email status 123 _ key_length password_reset_url credential_id
    public_api_key next_access_token next_pagetoken public_secret_note has show
"""


@pytest.mark.parametrize("name", STRONG.split())
def test_certain(name: str) -> None:
    assert classify(name) is KeyClass.STRONG


@pytest.mark.parametrize("name", WEAK.split())
def test_perhaps(name: str) -> None:
    assert classify(name) is KeyClass.WEAK


@pytest.mark.parametrize("name", NONE.split())
def test_harmless(name: str) -> None:
    """ "head and tail words that turn a secret into a description cancel" """
    assert classify(name) is KeyClass.NONE


def test_look_alikes_hide_nothing() -> None:
    assert classify("p\u0430ssword") is KeyClass.STRONG


def test_an_endless_name_names_nothing() -> None:
    longest = "_password".rjust(MASKING_NAME_MAX_CHARS, "x")
    assert (classify(longest), kind_of(longest)) == (KeyClass.STRONG, "password")
    assert (classify("x" + longest), kind_of("x" + longest)) == (KeyClass.NONE, "secret")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("db_password", "password"), ("api_key", "key"), ("Authorization", "authorization")),
        *(("note", "secret"), ("my2xpassword", "password"), ("slapikey", "secret")),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@given(st.text(max_size=40))
def test_any_name_has_a_class(name: str) -> None:
    assert isinstance(classify(name), KeyClass)
    assert kind_of(name) in KINDS
