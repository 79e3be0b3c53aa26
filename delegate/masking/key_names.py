"""What a key name says about the value under it: nothing, perhaps a secret, or certainly one.

A name is split into words (camelCase, ACRONYMCase, snake_case, kebab-case, dots, spaces), lower-cased, and
its words are looked up as n-grams. The rules, in order:

- a *describing* tail takes the secret away: ``max_tokens``, ``token_count``, ``key_id``, ``secret_name``,
  ``password_policy``; so does a describing head before an ambiguous word: ``next_page_token``,
  ``public_key``, ``cache_key``;
- an unambiguous name at the end is ``STRONG``: ``password``, ``client_secret``, ``x-api-key``;
- an ambiguous one (``token``, ``key``, ``session``), or an unambiguous one that does not stand at the end
  (``secret_string``), is ``WEAK``: the value must look like a secret (``secret_shape.py``).

Words run together are known by their ending (``dbpassword``, ``IBMAPIKEY``). Non-ASCII names are folded
first, so that a Cyrillic letter hides nothing. Nothing here looks at a value.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from delegate.limits import MASKING_NAME_MAX_CHARS
from delegate.masking.folding import fold

__all__ = ["KINDS", "KeyClass", "classify", "ends_in_secret", "kind_of"]


class KeyClass(Enum):
    """How sure a key name makes us that its value is a secret."""

    NONE = 0
    WEAK = 1
    STRONG = 2


_WORD: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_PASSWORD: Final = (
    "password passwords passwd passphrase passcode pwd pw userpass dbpass pswd passwort contrasena "
    "kennwort motdepasse senha bindpw rootpw wachtwoord heslo psk"
)
_STRONG: Final = {
    "password": (
        *_PASSWORD.split(),
        *("password hash", "mot de passe"),
        *("pass phrase", "pass word", "pass code", "pin code", "pin", "cvv", "cvc", "cvv2", "security code"),
    ),
    "secret": (
        *(
            "secret",
            "secrets",
            "secret key",
            "secret access key",
            "shared secret",
            "client secret",
            "otp",
            "totp",
        ),
        *("mnemonic", "seed phrase", "recovery phrase", "recovery code", "recovery codes", "backup codes"),
        *("hmac key", "one time code", "verification code", "mfa code", "secret value", "secret string"),
    ),
    "key": (
        *("api key", "apikey", "api keys", "access key", "account key", "private key", "encryption key"),
        *("signing key", "master key", "service key", "shared key", "auth key", "license key", "storage key"),
        *("preshared key", "pre shared key"),
        *(
            "deploy key",
            "ssh key",
            "shared access key",
            "service role key",
            "consumer key",
            "rsa key",
            "pgp key",
        ),
        *("subscription key", "app key", "application key", "decryption key", "symmetric key", "host key"),
        *(
            "private pem",
            "private keys",
            "write key",
            "ingest key",
            "key data",
            "admin key",
            "integration key",
        ),
    ),
    "token": (
        *("access token", "refresh token", "auth token", "bearer token", "id token", "session token", "jwt"),
        *(
            "api token",
            "security token",
            "user token",
            "bot token",
            "oauth token",
            "sas token",
            "deploy token",
        ),
        *("personal access token", "private token", "registration token", "service token", "access tokens"),
        *("secret token", "bearer", "app token", "csrf secret", "web token", "x auth token", "login token"),
    ),
    "authorization": ("authorization", "proxy authorization", "auth header", "www authorization"),
    "cookie": ("cookie", "set cookie", "cookies", "session cookie", "auth cookie"),
    "connection-string": ("connection string", "connectionstring", "conn str", "database url"),
}
_WEAK: Final = {
    "secret": ("credential", "credentials", "cred", "creds", "access", "salt", "seed", "signature", "sig"),
    "password": ("pass", "passw"),
    "key": ("key", "keys", "api"),
    "token": ("token", "tokens", "auth", "oauth", "ticket", "assertion"),
    "cookie": ("session", "sessionid", "sid", "sess", "phpsessid", "jsessionid"),
}
_FUSED_STRONG: Final = (
    *(
        "password",
        "passwd",
        "passphrase",
        "apikey",
        "secretkey",
        "accesskey",
        "authkey",
        "privatekey",
        "signingkey",
    ),
    *(
        "accesstoken",
        "authtoken",
        "refreshtoken",
        "apitoken",
        "clientsecret",
        "secret",
        "accountkey",
        "encryptionkey",
    ),
)
_FUSED_WEAK: Final = ("token", "apikeys", "credentials", "sessionid")

_TAILS_TEXT = """
    count counts limit limits id ids name names type types url urls uri uris path paths file files filename
    filepath folder dir policy policies expiry expires expiration expire ttl length len size sizes version
    versions algorithm algorithms alg algo hint hints prompt field fields label labels format pattern regex
    usage budget chars charset created updated at in on enabled disabled required status valid validity
    invalid method methods scheme provider providers server endpoint source sources result results mode
    index location ref refs reference arn store vault ring length width height rate cost price total max min
    rotation rotated manager mgr generator validator validation schema spec class policyid strength rules rule
    requirements encoder hashers encryption timeout timeouts
    reset resets changed change update expired lifetime duration age seconds minutes
    days hours ms description desc title message error errors code codes kind info metadata attempts attempt
    retries fingerprint thumbprint digest checksum position order range set list map tree events event
    handler callback function func listener down up press pressed frame frames bits bit level levels issuer
    audience scope scopes owner user username email domain host port region zone bucket group role template
    variable var env form page link text input output column table tablename prefix suffix hashing hasher
    typ salted present exists missing found used available supported
"""
_TAILS: Final = frozenset(_TAILS_TEXT.split())
_HEADS_TEXT = """
    max min num total count has is no input output prompt completion cached used remaining next prev
    previous page pagination continuation cursor public pub primary foreign partition sort cache row object
    idempotency translation i18n csrf xsrf bucket composite unique natural surrogate candidate index lookup
    group routing map hot short sequence schema event registry issuer node sync change delta stop special
    reserved audio reasoning image text per avg average requested estimated free prediction device shortcut
    arrow function dedupe deduplication correlation trace span fingerprint publishable sitekey site anon
"""
_HEADS: Final = frozenset(_HEADS_TEXT.split())
_FIRM_HEADS_TEXT = """
    public pub csrf xsrf next previous page max min num has is no count total publishable
"""
_FIRM_HEADS: Final = frozenset(_FIRM_HEADS_TEXT.split())
"""Words that take a secret away even from ``access_token`` and its like."""

_NO_PASSWORD_TEXT = """
    bypass compass encompass overpass underpass surpass trespass by over under first second third last
    single multi one two test tests all render low high band boarding forward backward event season ski did
    must should to will can not may might could would shall cannot
"""
_NO_PASSWORD: Final = frozenset(_NO_PASSWORD_TEXT.split())
_WHOSE_PASSWORD_TEXT = """
    db database user usr my root admin adm ssh smtp imap mail ftp wifi wlan login sudo sys app host proxy ldap
    bind redis sql mysql pg mongo key store keystore cert vpn web http
"""
_WHOSE_PASSWORD: Final = frozenset(_WHOSE_PASSWORD_TEXT.split())
"""What stands before ``pass`` in names of passwords; a ``minipass`` may be anything."""

_PIN: Final = ("pin",)
"""Among other words also what holds, or is held: a ``pin_id``, a ``config_pin_map``."""

_QUESTIONS: Final = frozenset({"has", "is", "no", "needs", "requires", "show", "hide", "forgot", "allow"})
"""First words of names whose values are yes or no."""

_NUMBER: Final = frozenset("0123456789")


def _grams(table: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    return {tuple(gram.split()): kind for kind, grams in table.items() for gram in grams}


_STRONG_GRAMS: Final = _grams(_STRONG)
_WEAK_WORDS: Final = {word: kind for kind, words in _WEAK.items() for word in words}
KINDS: Final = frozenset({*_STRONG, *_WEAK})
"""What a name can mean; ``connection-string`` and ``authorization`` among them."""

_LONGEST: Final = max(map(len, _STRONG_GRAMS))


def classify(name: str) -> KeyClass:
    """``STRONG`` where any value is a secret, ``WEAK`` where what looks like one is, else ``NONE``."""
    return _lookup(name)[0] if len(name) <= MASKING_NAME_MAX_CHARS else KeyClass.NONE


def ends_in_secret(name: str) -> bool:
    """Whether the last words of ``name`` are an unambiguous name, whatever stands before them."""
    words = tuple(_words(name))
    return any(words[-len(gram) :] == gram for gram in _STRONG_GRAMS)


def kind_of(name: str) -> str:
    """The kind of secret that ``name`` stands for: ``password``, ``token``, ``key``, ``cookie`` and so on."""
    return _lookup(name)[1] if len(name) <= MASKING_NAME_MAX_CHARS else "secret"


@lru_cache(maxsize=4096)
def _lookup(name: str) -> tuple[KeyClass, str]:
    words = _words(name)
    if not words or words[0] in _QUESTIONS:
        return KeyClass.NONE, "secret"
    for size in range(min(_LONGEST, len(words)), 0, -1):
        kind = _STRONG_GRAMS.get(tuple(words[-size:]))
        if kind:
            return _unless_described(words[:-size], KeyClass.STRONG, kind, ambiguous=kind in _AMBIGUOUS)
    if words[-1] in _TAILS:
        return KeyClass.NONE, "secret"
    return _weaker(words)


_AMBIGUOUS: Final = frozenset({"key", "token"})
"""Kinds whose names a head can take back: ``csrf_token``; a ``public_password`` is still one."""


def _unless_described(
    heads: list[str], found: KeyClass, kind: str, *, ambiguous: bool
) -> tuple[KeyClass, str]:
    if ambiguous and heads and heads[-1] in (_HEADS if found is KeyClass.WEAK else _FIRM_HEADS):
        return KeyClass.NONE, "secret"
    return found, kind


def _weaker(words: list[str]) -> tuple[KeyClass, str]:
    """What is left when no unambiguous name stands at the end."""
    last = words[-1]
    if last.endswith("pass") and (len(words) > 1 or last != "pass"):
        if not _NO_PASSWORD.isdisjoint(words[-2:]):
            return KeyClass.NONE, "secret"
        whose = last == "pass" or last.removesuffix("pass") in _WHOSE_PASSWORD
        return (KeyClass.STRONG if whose else KeyClass.WEAK), "password"
    if last.endswith(_FUSED_STRONG):
        return KeyClass.STRONG, "password" if "passw" in last else "secret"
    kind = _WEAK_WORDS.get(last) or ("token" if last.endswith(_FUSED_WEAK) else None)
    if kind:
        return _unless_described(words[:-1], KeyClass.WEAK, kind, ambiguous=True)
    inside = (*pairwise(words), *((word,) for word in words))
    found = [_STRONG_GRAMS[gram] for gram in inside if gram in _STRONG_GRAMS and gram != _PIN]
    if not found or words[0] in _HEADS:
        return KeyClass.NONE, "secret"
    return (KeyClass.STRONG, "password") if "password" in found else (KeyClass.WEAK, found[0])


def _words(name: str) -> list[str]:
    """The words of ``name`` in lower case, without numbers at the end."""
    ascii_name = name if name.isascii() else fold(name).text
    words = [word.lower() for word in _WORD.findall(ascii_name)]
    while words and words[-1][0] in _NUMBER:
        words.pop()
    return words
