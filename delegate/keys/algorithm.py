"""The algorithms of keys: a table with one row for each, and the only place that lists them.

The rule: whatever differs between algorithms stands in a row here or in the file of its rule, which offers
what ``Rule`` says. So the rest of the library asks the key and never its algorithm, and no message chooses
either (design rule 5).

A rule is loaded when the first key of its algorithm is met: who uses Ed25519 alone never loads the library
behind P-256. Loading runs the rule's self-test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from delegate.errors import AlgNotAllowedError
from delegate.keys import ed25519

__all__ = ["ALGORITHMS", "NAMES", "SEED_BYTES", "Alg", "Algorithm", "Rule", "find_algorithm"]

Alg: TypeAlias = Literal["ed25519", "p256"]
"""Our name of an algorithm: what stands before the colon in a key's text."""

SEED_BYTES: Final = 32
"""A private key of either algorithm: an RFC 8032 seed, or the number d of SEC 1, big-endian."""


class Rule(Protocol):
    """What the file of one algorithm offers; the files say what each function raises."""

    def require_strong(self, public_key: bytes, /) -> None:
        """Refuse a public key that nobody can hold alone."""
        ...

    def verify(self, public_key: bytes, signature: bytes, message: bytes, /) -> None:
        """Check the one form of a signature."""
        ...

    def verify_http(self, public_key: bytes, signature: bytes, message: bytes, /) -> None:
        """Check a signature in any form that RFC 9421 permits."""
        ...

    def generate(self) -> bytes:
        """A new seed."""
        ...

    def keypair(self, seed: bytes, /) -> tuple[bytes, Any]:
        """The public key of a seed, and what ``sign`` takes."""
        ...

    def sign(self, secret: Any, message: bytes, /) -> bytes:  # noqa: ANN401 - each rule has a type of its own
        """The 64-byte signature, in its one form."""
        ...

    def to_coordinates(self, public_key: bytes, /) -> tuple[bytes, ...]:
        """The coordinates that a JWK has, 32 bytes each."""
        ...

    @property
    def from_coordinates(self) -> Callable[..., bytes]:
        """The public key of those coordinates."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One algorithm, by its names and sizes."""

    name: Alg
    http: str
    """Its name in the ``alg`` parameter of RFC 9421 (section 6.2.2)."""
    key_bytes: int
    """The size of a public key in its one encoding."""
    kty: str
    crv: str
    jose: str
    """Its name in the ``alg`` member of a JWK."""
    coordinates: tuple[str, ...]
    """The members of a JWK that hold the public key."""
    thumbprint: str
    """What RFC 7638 hashes, with a place for each coordinate."""
    pkcs8_prefix: bytes
    """What stands before the seed in the DER of a private key."""
    rule: Callable[[], Rule]

    @property
    def text_form(self) -> str:
        """How a public key is written, for messages."""
        return f"{self.name}:<{-(-self.key_bytes * 8 // 6)} base64url characters>"


def _p256() -> Rule:
    from delegate.keys import p256  # noqa: PLC0415 -- loaded with the first key of this algorithm

    return p256


_ROWS: Final = (
    Algorithm(
        name="ed25519",
        http="ed25519",
        key_bytes=ed25519.KEY_BYTES,
        kty="OKP",
        crv="Ed25519",
        jose="Ed25519",  # RFC 9864 section 2.2; the older "EdDSA" names two curves and so is refused
        coordinates=("x",),
        thumbprint='{"crv":"Ed25519","kty":"OKP","x":"%s"}',
        pkcs8_prefix=bytes.fromhex("302e020100300506032b657004220420"),  # RFC 8410 section 7
        rule=lambda: ed25519,
    ),
    Algorithm(
        name="p256",
        http="ecdsa-p256-sha256",
        key_bytes=33,
        kty="EC",
        crv="P-256",
        jose="ES256",  # RFC 7518 section 3.4
        coordinates=("x", "y"),
        thumbprint='{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}',
        pkcs8_prefix=bytes.fromhex(  # RFC 5480 section 2.1.1, RFC 5915 section 3; the public key follows
            "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"
        ),
        rule=_p256,
    ),
)

ALGORITHMS: Final[dict[str, Algorithm]] = {row.name: row for row in _ROWS}

NAMES: Final = tuple(ALGORITHMS)


def find_algorithm(name: object, field: str) -> Algorithm:
    """The algorithm of this name; raises ``AlgNotAllowedError``, naming ``field``."""
    algorithm = ALGORITHMS.get(name) if type(name) is str else None
    if algorithm is None:
        msg = f"keys of this algorithm are not used here; use {' or '.join(NAMES)}"
        raise AlgNotAllowedError(msg, field=field, limit=NAMES)
    return algorithm
