"""Keys: the public half that others trust, the private half that signs, and what a signature is for.

The rules: a ``PublicKey`` that exists is strong (``require_strong`` of its algorithm), and its algorithm is a
property of the key, never of a message (design rule 5). A ``SigningKey`` shows its key id and nothing else:
it has no useful ``repr``, is neither copied nor pickled, and its secret leaves only through
``export_private_pem`` and ``save``. Whatever signs is a ``Signer``, so a key may as well live in a hardware
module or a service that never gives it out.

The key id is the RFC 7638 thumbprint: a dictionary key, never a path, an address or part of a query.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from typing import Any, Final, NoReturn, Protocol, TypeAlias

from delegate import known_secrets
from delegate.encoding import b64_encode, b64url_decode, b64url_encode
from delegate.errors import ConfigurationError, MalformedError
from delegate.keys import jwk, pem
from delegate.keys.algorithm import ALGORITHMS, Alg, Rule, find_algorithm

__all__ = ["PublicKey", "Purpose", "Signer", "SigningKey", "Usage"]

_Rebuilt: TypeAlias = tuple[Any, tuple[bytes, Alg]]
_set: Final = object.__setattr__


class Purpose(StrEnum):
    """What one signature is for; a signer in another place may keep a key for some of these only."""

    BLOCK = "block"
    REQUEST = "request"
    MESSAGE = "message"
    RESPONSE = "response"
    KEY_CLAIM = "key-claim"
    REVOCATION = "revocation-list"


class Usage(StrEnum):
    """What the record of a key trusts it for: one of these (design section 3)."""

    ISSUE = "issue"
    REQUEST = "request"
    RESPONSE = "response"
    REVOKE = "revoke"
    APPROVE = "approve"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key that is strong by construction; equal by algorithm and bytes.

    ``raw`` is the one encoding of its algorithm: of ``ed25519`` the 32 bytes of RFC 8032, of ``p256`` the
    33 of a compressed point (SEC 1); ``key_id`` is its RFC 7638 thumbprint, 43 characters. Construction
    raises ``MalformedError``, ``KeyWeakError`` or ``AlgNotAllowedError``.
    """

    raw: bytes
    alg: Alg = "ed25519"
    key_id: str = field(init=False, compare=False)
    _rule: Rule = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is not a strong key."""
        rule = find_algorithm(self.alg, "alg").rule()
        if type(self.raw) is not bytes:
            msg = f"a raw key must be bytes, not {type(self.raw).__name__}"
            raise MalformedError(msg, field="key")
        rule.require_strong(self.raw)
        _set(self, "_rule", rule)

    def __getattr__(self, name: str) -> str:
        """Compute the key id when it is first asked for: most keys of a chain never are."""
        if name != "key_id":
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(msg)
        _set(self, "key_id", jwk.thumbprint(ALGORITHMS[self.alg], self.raw))
        return self.key_id

    @classmethod
    def from_raw(cls, raw: bytes, alg: Alg = "ed25519") -> PublicKey:
        """The key of these bytes."""
        return cls(raw=raw, alg=alg)

    @classmethod
    def from_text(cls, text: object) -> PublicKey:
        """The key in its text, as delegation blocks state it.

        ``ed25519:`` and 43 base64url characters, or ``p256:`` and 44.
        """
        if type(text) is not str:
            msg = f"a key must be a string, not {type(text).__name__}"
            raise MalformedError(msg, field="key")
        name, colon, encoded = text.partition(":")
        if not colon:
            msg = f"a key is written {' or '.join(each.text_form for each in ALGORITHMS.values())}"
            raise MalformedError(msg, field="key")
        algorithm = ALGORITHMS.get(name) or find_algorithm(name, "key")
        try:
            raw = b64url_decode(encoded, size=algorithm.key_bytes)
        except MalformedError:
            msg = f"a key is written {algorithm.text_form}"
            raise MalformedError(msg, field="key", limit=algorithm.key_bytes) from None
        rule = algorithm.rule()
        rule.require_strong(raw)
        key = cls.__new__(cls)  # past the constructor, which would look for the algorithm again
        _set(key, "raw", raw)
        _set(key, "alg", algorithm.name)
        _set(key, "_rule", rule)
        return key

    @classmethod
    def from_jwk(cls, members: object) -> PublicKey:
        """The key of one JSON Web Key, an already parsed object; see ``jwk.from_members``."""
        algorithm, raw = jwk.from_members(members)
        return cls(raw=raw, alg=algorithm.name)

    @property
    def text(self) -> str:
        """The algorithm, a colon, and the raw key in base64url."""
        return f"{self.alg}:{b64url_encode(self.raw)}"

    def to_jwk(self) -> dict[str, str]:
        """The members of a JSON Web Key: kty, crv, x (and y), kid, alg, use."""
        return jwk.to_members(ALGORITHMS[self.alg], self.raw)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a 64-byte signature in its one form; raises ``SignatureInvalidError``.

        For everything but HTTP messages: token blocks and DSSE objects. A P-256 signature must have the
        low s here.
        """
        self._rule.verify(self.raw, signature, message)

    def verify_http(self, signature: bytes, message: bytes) -> None:
        """Check a 64-byte signature over an RFC 9421 signature base; raises ``SignatureInvalidError``.

        Other libraries sign with either s of P-256, so either is good: count on the nonce, never on the
        signature's bytes.
        """
        self._rule.verify_http(self.raw, signature, message)

    def __reduce__(self) -> _Rebuilt:
        """Copied and unpickled by construction, so no other way leads around its checks."""
        return PublicKey.from_raw, (self.raw, self.alg)

    def __repr__(self) -> str:
        """The key's text: all of it is public."""
        return f"PublicKey({self.text!r})"


class Signer(Protocol):
    """Whatever can sign: a key in memory, a hardware module, a key service."""

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        """The 64-byte signature over ``message``; raises ``KeyUnavailableError`` when there is none to get.

        Of Ed25519 R then S, of P-256 r then s with s at most n/2: key services that return DER, or either
        s, leave it to their ``Signer`` to convert.

        ``purpose`` is what the signature is for. It is not part of the signed bytes (``message`` is
        already in its own domain, design section 4): it lets a signer refuse what its key is not for.
        """
        ...


class SigningKey:
    """A private key held in memory: a ``Signer`` for every purpose."""

    __slots__ = ("__weakref__", "_public_key", "_rule", "_secret_key", "_seed")

    _public_key: PublicKey
    _rule: Rule
    _secret_key: Any  # as the rule's ``keypair`` gave it
    _seed: bytes

    def __init__(self) -> None:
        """Refused: use ``generate``, ``load``, ``from_pem`` or ``from_seed``."""
        msg = "a SigningKey comes from generate(), load(), from_pem() or from_seed()"
        raise ConfigurationError(msg)

    @classmethod
    def generate(cls, alg: Alg = "ed25519") -> SigningKey:
        """A new key from the system's random source; raises ``AlgNotAllowedError``."""
        return cls.from_seed(find_algorithm(alg, "alg").rule().generate(), alg)

    @classmethod
    def from_seed(cls, seed: bytes, alg: Alg = "ed25519") -> SigningKey:
        """The key of 32 secret bytes: an RFC 8032 seed or, of P-256, the private number, big-endian.

        Raises ``MalformedError``, ``KeyWeakError`` or ``AlgNotAllowedError``.
        """
        algorithm = find_algorithm(alg, "alg")
        if type(seed) is not bytes:
            msg = f"a seed must be bytes, not {type(seed).__name__}"
            raise MalformedError(msg, field="seed")
        key = object.__new__(cls)
        key._rule, key._seed = algorithm.rule(), seed
        public_key, key._secret_key = key._rule.keypair(seed)
        key._public_key = PublicKey(raw=public_key, alg=algorithm.name)
        known_secrets.add(key)
        return key

    @classmethod
    def from_pem(cls, data: bytes, passphrase: pem.Passphrase = None) -> SigningKey:
        """The key of a PKCS#8 PEM block; ``passphrase`` is asked for only when it is encrypted.

        Raises ``MalformedError``, ``TooLargeError``, ``AlgNotAllowedError``, ``KeyWeakError``, and
        ``KeyUnavailableError`` for a missing or wrong passphrase.
        """
        alg, seed = pem.decode(data, passphrase)
        return cls.from_seed(seed, alg)

    @classmethod
    def load(cls, path: str | PathLike[str], passphrase: pem.Passphrase = None) -> SigningKey:
        """The key in a PEM file of mode 0600 or less; as ``from_pem``, and see ``pem.read``."""
        return cls.from_pem(pem.read(path), passphrase)

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public_key

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key, 43 characters."""
        return self._public_key.key_id

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        """The 64-byte signature over ``message``: of Ed25519 RFC 8032's, of P-256 r and the low s."""
        if type(purpose) is not Purpose:
            msg = f"sign() takes a Purpose first, not {type(purpose).__name__}"
            raise ConfigurationError(msg, field="purpose")
        return self._rule.sign(self._secret_key, message)

    def export_private_pem(self, passphrase: pem.Passphrase = None) -> bytes:
        """The private key as PKCS#8 PEM, encrypted when a passphrase is given."""
        return pem.encode(self._public_key.alg, self._seed, passphrase)

    def save(self, path: str | PathLike[str], passphrase: pem.Passphrase = None) -> None:
        """Write the private key to a new file of mode 0600; see ``pem.write``."""
        pem.write(path, self.export_private_pem(passphrase))

    def __known_secrets__(self) -> Iterator[bytes]:
        """The seed as it could leak: raw, hex, base64, base64url, and the lines of a PEM file."""
        seed = self._seed
        yield seed
        yield seed.hex().encode()
        yield b64_encode(seed).encode()
        yield b64url_encode(seed).encode()
        yield from pem.secret_lines(ALGORITHMS[self._public_key.alg], seed)

    def __repr__(self) -> str:
        """The key id only."""
        return f"SigningKey(key_id={self.key_id!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: pickling and copying would spread the secret."""
        msg = "a SigningKey is neither copied nor pickled; use export_private_pem() if it must leave"
        raise ConfigurationError(msg)
