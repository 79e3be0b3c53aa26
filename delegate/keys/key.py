"""Keys: the public half that others trust, the private half that signs, and what a signature is for.

The rules: a ``PublicKey`` that exists is strong (``ed25519.require_strong``), and its algorithm is a
property of the key, never of a message (design rule 5). A ``SigningKey`` shows its key id and nothing else:
it has no useful ``repr``, is neither copied nor pickled, and its secret leaves only through
``export_private_pem`` and ``save``. Whatever signs is a ``Signer``, so a key may as well live in a hardware
module or a service that never gives it out.

The key id is the RFC 7638 thumbprint: a dictionary key, never a path, an address or part of a query.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from typing import Final, Literal, NoReturn, Protocol

from delegate import known_secrets
from delegate.encoding import b64_encode, b64url_decode, b64url_encode
from delegate.errors import AlgNotAllowedError, ConfigurationError, MalformedError
from delegate.keys import ed25519, jwk, pem

__all__ = ["PublicKey", "Purpose", "Signer", "SigningKey", "Usage"]

_ALG: Final = "ed25519"


class Purpose(StrEnum):
    """What one signature is for; a signer in another place may keep a key for some of these only."""

    BLOCK = "block"
    REQUEST = "request"
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

    ``raw`` is the RFC 8032 encoding, 32 bytes; ``key_id`` its RFC 7638 thumbprint, 43 characters.
    Construction raises ``MalformedError``, ``KeyWeakError`` or ``AlgNotAllowedError``.
    """

    raw: bytes
    alg: Literal["ed25519"] = _ALG
    key_id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is not a strong key, and compute the key id once."""
        if self.alg != _ALG:
            msg = f"keys of this algorithm are not used here; use {_ALG}"
            raise AlgNotAllowedError(msg, field="alg", limit=_ALG)
        if type(self.raw) is not bytes:
            msg = f"a raw key must be bytes, not {type(self.raw).__name__}"
            raise MalformedError(msg, field="key")
        ed25519.require_strong(self.raw)
        object.__setattr__(self, "key_id", jwk.thumbprint(self.raw))

    @classmethod
    def from_raw(cls, raw: bytes, alg: Literal["ed25519"] = _ALG) -> PublicKey:
        """The key of these bytes."""
        return cls(raw=raw, alg=alg)

    @classmethod
    def from_text(cls, text: object) -> PublicKey:
        """The key written ``ed25519:`` and 43 base64url characters, as delegation blocks state it."""
        if type(text) is not str:
            msg = f"a key must be a string, not {type(text).__name__}"
            raise MalformedError(msg, field="key")
        alg, colon, encoded = text.partition(":")
        if not colon:
            msg = "a key is written ed25519:<43 base64url characters>"
            raise MalformedError(msg, field="key")
        if alg != _ALG:
            msg = f"keys of this algorithm are not used here; use {_ALG}"
            raise AlgNotAllowedError(msg, field="key", limit=_ALG)
        try:
            raw = b64url_decode(encoded, size=ed25519.KEY_BYTES)
        except MalformedError:
            msg = "a key is written ed25519:<43 base64url characters>"
            raise MalformedError(msg, field="key", limit=ed25519.KEY_BYTES) from None
        return cls(raw=raw)

    @classmethod
    def from_jwk(cls, members: object) -> PublicKey:
        """The key of one JSON Web Key, an already parsed object; see ``jwk.from_members``."""
        return cls(raw=jwk.from_members(members))

    @property
    def text(self) -> str:
        """``ed25519:`` and 43 base64url characters."""
        return f"{self.alg}:{b64url_encode(self.raw)}"

    def to_jwk(self) -> dict[str, str]:
        """The members of a JSON Web Key: kty, crv, x, kid, alg, use."""
        return jwk.to_members(self.raw)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a 64-byte signature; raises ``SignatureInvalidError``. See ``ed25519.verify``."""
        ed25519.verify(self.raw, signature, message)

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

        ``purpose`` is what the signature is for. It is not part of the signed bytes (``message`` is
        already in its own domain, design section 4): it lets a signer refuse what its key is not for.
        """
        ...


class SigningKey:
    """An Ed25519 private key held in memory: a ``Signer`` for every purpose."""

    __slots__ = ("__weakref__", "_public_key", "_secret_key")

    _public_key: PublicKey
    _secret_key: bytes

    def __init__(self) -> None:
        """Refused: use ``generate``, ``load``, ``from_pem`` or ``from_seed``."""
        msg = "a SigningKey comes from generate(), load(), from_pem() or from_seed()"
        raise ConfigurationError(msg)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's random source."""
        return cls.from_seed(secrets.token_bytes(ed25519.KEY_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a 32-byte RFC 8032 seed; raises ``MalformedError`` or ``KeyWeakError``."""
        if type(seed) is not bytes:
            msg = f"a seed must be bytes, not {type(seed).__name__}"
            raise MalformedError(msg, field="seed")
        key = object.__new__(cls)
        public_key, key._secret_key = ed25519.keypair(seed)
        key._public_key = PublicKey(raw=public_key)
        known_secrets.add(key)
        return key

    @classmethod
    def from_pem(cls, data: bytes, passphrase: pem.Passphrase = None) -> SigningKey:
        """The key of a PKCS#8 PEM block; ``passphrase`` is asked for only when it is encrypted.

        Raises ``MalformedError``, ``TooLargeError``, ``AlgNotAllowedError``, ``KeyWeakError``, and
        ``KeyUnavailableError`` for a missing or wrong passphrase.
        """
        return cls.from_seed(pem.decode(data, passphrase))

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
        """The 64-byte RFC 8032 signature over ``message``."""
        if type(purpose) is not Purpose:
            msg = f"sign() takes a Purpose first, not {type(purpose).__name__}"
            raise ConfigurationError(msg, field="purpose")
        return ed25519.sign(self._secret_key, message)

    def export_private_pem(self, passphrase: pem.Passphrase = None) -> bytes:
        """The private key as PKCS#8 PEM, encrypted when a passphrase is given."""
        return pem.encode(self._seed(), passphrase)

    def save(self, path: str | PathLike[str], passphrase: pem.Passphrase = None) -> None:
        """Write the private key to a new file of mode 0600; see ``pem.write``."""
        pem.write(path, self.export_private_pem(passphrase))

    def _seed(self) -> bytes:
        return self._secret_key[: ed25519.KEY_BYTES]

    def __known_secrets__(self) -> Iterator[bytes]:
        """The seed as it could leak: raw, hex, base64, base64url, and the body line of a PEM file."""
        seed = self._seed()
        yield seed
        yield seed.hex().encode()
        yield b64_encode(seed).encode()
        yield b64url_encode(seed).encode()
        yield b64_encode(pem.PKCS8_PREFIX + seed).encode()

    def __repr__(self) -> str:
        """The key id only."""
        return f"SigningKey(key_id={self.key_id!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: pickling and copying would spread the secret."""
        msg = "a SigningKey is neither copied nor pickled; use export_private_pem() if it must leave"
        raise ConfigurationError(msg)
