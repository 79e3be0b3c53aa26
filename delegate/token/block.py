"""One block of a delegation token: the payload that its delegator signed.

A payload is one canonical JSON object of the signed subset (design section 6). The names on the wire are
short, because every hop pays for them in a header; in Python they are written out. Reading is strict:
unknown members, other types and other encodings of the same value are refused, at every level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.canonical import canonicalize_signed, parse_signed
from delegate.encoding import b64url_decode, b64url_encode
from delegate.errors import (
    ApprovalRequiredError,
    BudgetUnmeteredError,
    BytesError,
    DelegateError,
    DelegationMalformedError,
    MalformedError,
    NonCanonicalError,
    TooLargeError,
    UnsupportedVersionError,
)
from delegate.keys import PublicKey
from delegate.limits import (
    AUDIENCE_MAX_ORIGINS,
    TIMESTAMP_MAX,
    TOKEN_MAX_BLOCKS,
    TOKEN_MAX_BYTES,
    TOKEN_NONCE_BYTES,
)
from delegate.names import require_audience, require_name, require_text
from delegate.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from delegate.canonical import SignedValue

__all__ = ["Block", "Root", "parse_block"]

VERSION: Final = 1

_EVERY: Final = frozenset({"sub", "key", "iat", "n"})
_ROOT: Final = _EVERY | {"v", "iss", "kid", "exp", "dep", "aud", "sc"}
_ROOT_ALLOWED: Final = _ROOT | {"root", "why"}
_CHILD_ALLOWED: Final = _EVERY | {"exp", "dep", "aud", "sc", "why"}
_LATER: Final[dict[str, type[DelegateError]]] = {"bud": BudgetUnmeteredError, "apr": ApprovalRequiredError}


class Root(NamedTuple):
    """What only block 0 states: whose authority the chain draws on."""

    issuer: str
    kid: str
    """Key id of the issuer's key that signed block 0."""
    principal: str | None
    """The human or system session at the root (``root`` on the wire); signed, never authority."""


class Block(NamedTuple):
    """One delegation: to whom, for how long, for what. ``None`` means "as the parent says".

    A named tuple, because every request with a new chain makes one a hop: it is made in less than half of the
    time that a frozen dataclass takes.
    """

    agent: str
    """The delegatee's agent id (``sub``)."""
    key: PublicKey
    """The delegatee's public key: it signs requests, and the next block."""
    issued_at: int
    nonce: bytes
    expires_at: int | None = None
    further_hops: int | None = None
    audience: tuple[str, ...] | None = None
    scope: Scope | None = None
    why: str | None = None
    """A reason for the log (``why``); signed, never authority."""
    root: Root | None = None
    """Present in block 0 and nowhere else."""

    def __repr__(self) -> str:
        """To whom, and for what; not the nonce."""
        return f"<Block for {self.agent!r}: {self.scope!r}>"

    def to_payload(self) -> bytes:
        """The canonical bytes that are signed."""
        members: dict[str, SignedValue | None] = {
            "sub": self.agent,
            "key": self.key.text,
            "iat": self.issued_at,
            "n": b64url_encode(self.nonce),
            "exp": self.expires_at,
            "dep": self.further_hops,
            "aud": None if self.audience is None else list(self.audience),
            "sc": None if self.scope is None else self.scope.to_json(),
            "why": self.why,
        }
        if self.root is not None:
            root = self.root
            members |= {"v": VERSION, "iss": root.issuer, "kid": root.kid, "root": root.principal}
        return canonicalize_signed({name: value for name, value in members.items() if value is not None})


def parse_block(payload: bytes, index: int) -> Block:
    """Read the payload of block ``index`` of a chain.

    Raises ``DelegationMalformedError``, ``NonCanonicalError``, ``TooLargeError``, ``KeyWeakError``,
    ``AlgNotAllowedError``, ``UnsupportedVersionError``, ``BudgetUnmeteredError`` or
    ``ApprovalRequiredError``, each with ``block`` and, where it is one, ``field``.
    """
    try:
        return _read(parse_signed(payload, max_bytes=TOKEN_MAX_BYTES), is_root=index == 0)
    except DelegateError as error:
        raise _located(error, index) from None


def _located(error: DelegateError, index: int) -> DelegateError:
    """The same refusal, saying in which block; what is merely not JSON is a malformed delegation."""
    kind = type(error)
    if isinstance(error, BytesError) and not isinstance(
        error, NonCanonicalError | TooLargeError | UnsupportedVersionError
    ):
        kind = DelegationMalformedError
    return kind(f"block {index}: {error}", block=index, field=error.field, limit=error.limit)


def _read(members: Mapping[str, SignedValue], *, is_root: bool) -> Block:
    required, allowed = (_ROOT, _ROOT_ALLOWED) if is_root else (_EVERY, _CHILD_ALLOWED)
    if not required <= members.keys() <= allowed:
        raise _member_refusal(members.keys(), required, allowed)
    root = None
    if is_root:
        if members["v"] != VERSION or members["v"] is True:
            msg = f"version {members['v']!r} is not {VERSION}"
            raise UnsupportedVersionError(msg, field="v", limit=VERSION)
        principal = members.get("root")
        root = Root(
            issuer=require_name(members["iss"], "iss"),
            kid=require_text(members["kid"], "kid"),
            principal=None if principal is None else require_text(principal, "root"),
        )
    issued_at = _integer(members, "iat", TIMESTAMP_MAX)
    expires_at = _integer(members, "exp", TIMESTAMP_MAX) if "exp" in members else None
    if expires_at is not None and expires_at <= issued_at:
        msg = "exp is not after iat"
        raise DelegationMalformedError(msg, field="exp", limit=issued_at)
    why = members.get("why")
    return Block(
        agent=require_name(members["sub"], "sub"),
        key=PublicKey.from_text(members["key"]),
        issued_at=issued_at,
        nonce=_nonce(members["n"]),
        expires_at=expires_at,
        further_hops=_integer(members, "dep", TOKEN_MAX_BLOCKS - 1) if "dep" in members else None,
        audience=_audience(members["aud"]) if "aud" in members else None,
        scope=Scope.from_json(members["sc"]) if "sc" in members else None,
        why=None if why is None else require_text(why, "why"),
        root=root,
    )


def _member_refusal(
    names: AbstractSet[str], required: frozenset[str], allowed: frozenset[str]
) -> DelegateError:
    if later := _LATER.keys() & names:
        name = min(later)
        return _LATER[name](f"this release cannot honour {name!r}", field=name)
    if missing := required - names:
        return DelegationMalformedError(f"member {min(missing)!r} is missing", field=min(missing))
    name = min(names - allowed)
    return DelegationMalformedError(f"member {name[:32]!r} is not known here", field=name)


def _integer(members: Mapping[str, SignedValue], name: str, limit: int) -> int:
    value = members[name]
    if type(value) is not int or not 0 <= value <= limit:
        msg = f"{name} must be an integer from 0 to {limit}"
        raise DelegationMalformedError(msg, field=name, limit=limit)
    return value


def _nonce(text: SignedValue) -> bytes:
    if type(text) is not str:
        msg = "n must be a string"
        raise DelegationMalformedError(msg, field="n")
    try:
        return b64url_decode(text, size=TOKEN_NONCE_BYTES)
    except MalformedError:
        msg = f"n is not {TOKEN_NONCE_BYTES} bytes in canonical base64url"
        raise DelegationMalformedError(msg, field="n", limit=TOKEN_NONCE_BYTES) from None


def _audience(value: SignedValue) -> tuple[str, ...]:
    if type(value) is not list or not 1 <= len(value) <= AUDIENCE_MAX_ORIGINS:
        msg = f"aud must be an array of 1 to {AUDIENCE_MAX_ORIGINS} origins or audiences of messages"
        raise DelegationMalformedError(msg, field="aud", limit=AUDIENCE_MAX_ORIGINS)
    audience = [require_audience(each, "aud") for each in value]
    if sorted({*audience}) != audience:
        msg = "aud is not strictly ascending"
        raise NonCanonicalError(msg, field="aud")
    return tuple(audience)
