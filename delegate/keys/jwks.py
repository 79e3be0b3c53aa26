"""Sets of public keys as JWK Sets (RFC 7517 section 5), in and out.

The rule: public keys only, in both directions, and one key once. A set that holds anything else, a
symmetric key, a private member, another algorithm, is refused whole: leaving out what is not understood
would hide from the operator that a key he relies on is not trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from delegate.canonical import parse_strict
from delegate.errors import ConfigurationError, DelegateError, MalformedError
from delegate.keys.key import PublicKey

__all__ = ["from_jwks", "to_jwks"]


def to_jwks(keys: Iterable[PublicKey]) -> dict[str, list[dict[str, str]]]:
    """``{"keys": [...]}``, in the order given.

    Raises ``ConfigurationError`` for anything but public keys, and for one key twice.
    """
    seen: dict[str, PublicKey] = {}
    for index, key in enumerate(keys):
        if not isinstance(key, PublicKey):
            msg = f"a JWK Set publishes public keys only, not a {type(key).__name__}: give its public_key"
            raise ConfigurationError(msg, field=f"keys[{index}]")
        if key.key_id in seen:
            msg = f"keys[{index}] is in the set already: give each key once"
            raise ConfigurationError(msg, field=f"keys[{index}]")
        seen[key.key_id] = key
    return {"keys": [key.to_jwk() for key in seen.values()]}


def from_jwks(data: bytes | Mapping[str, object]) -> tuple[PublicKey, ...]:
    """The keys of a JWK Set, as bytes or already parsed, in its order.

    Raises ``MalformedError`` and ``TooLargeError`` for the set, and what ``PublicKey.from_jwk`` raises
    for a key, with ``field`` saying which: ``keys[2].kid``.
    """
    document: object = parse_strict(data) if isinstance(data, bytes) else data
    members = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(members, list):
        msg = 'a JWK Set is an object with an array "keys"'
        raise MalformedError(msg, field="keys")
    keys: dict[str, PublicKey] = {}
    for index, entry in enumerate(members):
        key = _from_entry(entry, index)
        if key.key_id in keys:
            msg = f"keys[{index}] is in the set already: two keys with one kid are refused"
            raise MalformedError(msg, field=f"keys[{index}]")
        keys[key.key_id] = key
    return tuple(keys.values())


def _from_entry(entry: object, index: int) -> PublicKey:
    try:
        return PublicKey.from_jwk(entry)
    except DelegateError as error:
        error.field = f"keys[{index}].{error.field}"
        raise
