"""A token as a chain of links, read but not yet believed.

Text: ``dlg1.<payload 0>.<signature 0>.<payload 1>.<signature 1>...`` in strict base64url. A link knows its
parent, so the text of every prefix is a token of its own and nothing is repeated. The hash chain is
implicit (design section 6): each signature covers a hash of everything before it, so a spliced, reordered,
dropped or truncated-and-extended chain has a bad signature.

What is read here is *unverified*, and its type says so. ``delegate.token.verify`` makes the other kind.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from delegate import known_secrets
from delegate.encoding import b32_encode, b64url_decode, b64url_encode
from delegate.errors import (
    DelegationMalformedError,
    MalformedError,
    TooLargeError,
    UnsupportedVersionError,
)
from delegate.limits import TOKEN_MAX_BLOCKS, TOKEN_MAX_BYTES
from delegate.token.block import Block, Root, parse_block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from delegate.keys import PublicKey
    from delegate.scope import Scope

__all__ = ["Link", "UnverifiedToken", "parse_unverified"]

PREFIX: Final = "dlg1"
_FAMILY: Final = "dlg"
_BLOCK_DOMAIN: Final = b"delegate/v1/block\0"
_PREFIX_DOMAIN: Final = b"delegate/v1/prefix\0"
_ID_DOMAIN: Final = b"delegate/v1/id\0"
_NO_PREFIX: Final = bytes(32)
_SIGNATURE_BYTES: Final = 64
_ID_BYTES: Final = 16


class Link(NamedTuple):
    """One block in its place: its bytes, what it states, and what is left of the authority there.

    The effective values are meets over the whole chain up to here, so they never exceed any block's, even
    where a block claims more (which verification refuses by name besides).
    """

    index: int  # type: ignore[assignment]  # in the place of tuple.index, which nobody asks of a link
    parent: Link | None
    block: Block
    payload: bytes
    signature: bytes
    prefix_hash: bytes
    """Hash of all blocks before this one; 32 zero bytes for block 0."""
    expires_at: int
    further_hops: int
    audience: frozenset[str]
    scope: Scope
    """The scope stated here, or the nearest one above: as a request must pass all, no meet is needed."""

    def __repr__(self) -> str:
        """Which block; neither its signature nor what it covers."""
        return f"<Link {self.index}: {self.block!r}>"

    @property
    def signing_input(self) -> bytes:
        """The bytes that the delegator signed."""
        return block_input(self.prefix_hash, self.payload)

    @property
    def token_id(self) -> str:
        """26 lower-case base32 characters, derived from the prefix and the payload, never claimed."""
        return b32_encode(hashlib.sha256(_ID_DOMAIN + self.prefix_hash + self.payload).digest()[:_ID_BYTES])

    @property
    def next_prefix_hash(self) -> bytes:
        """The prefix hash of a block that follows this one."""
        size = len(self.payload).to_bytes(4, "big")
        parts = (_PREFIX_DOMAIN, self.prefix_hash, size, self.payload, self.signature)
        return hashlib.sha256(b"".join(parts)).digest()


def block_input(prefix_hash: bytes, payload: bytes) -> bytes:
    """The signing input of a token block (design section 4)."""
    return _BLOCK_DOMAIN + prefix_hash + payload


def make_link(parent: Link | None, payload: bytes, signature: bytes) -> Link:
    """Read one block in the place where it stands; raises what ``parse_block`` raises."""
    if parent is None:
        return _first_link(payload, signature)
    block = parse_block(payload, parent.index + 1)
    hops = parent.further_hops - 1
    return Link(
        index=parent.index + 1,
        parent=parent,
        block=block,
        payload=payload,
        signature=signature,
        prefix_hash=parent.next_prefix_hash,
        expires_at=min(block.expires_at or parent.expires_at, parent.expires_at),
        further_hops=hops if block.further_hops is None else min(block.further_hops, hops),
        audience=parent.audience if block.audience is None else parent.audience.intersection(block.audience),
        scope=parent.scope if block.scope is None else block.scope,
    )


def _first_link(payload: bytes, signature: bytes) -> Link:
    block = parse_block(payload, 0)
    if (
        block.expires_at is None
        or block.further_hops is None
        or block.audience is None
        or block.scope is None
    ):  # pragma: no cover - parse_block requires all four in block 0
        raise DelegationMalformedError(block=0)
    return Link(
        index=0,
        parent=None,
        block=block,
        payload=payload,
        signature=signature,
        prefix_hash=_NO_PREFIX,
        expires_at=block.expires_at,
        further_hops=block.further_hops,
        audience=frozenset(block.audience),
        scope=block.scope,
    )


class UnverifiedToken:
    """A delegation token whose structure was read and whose signatures were *not* checked.

    Everything it says is a claim. Holders use it to sign and to delegate on; only a ``Verifier`` turns it
    into authority. Equal by text; ``repr`` shows ids, never the text.
    """

    __slots__ = ("__weakref__", "last", "links", "root", "text")

    text: str
    """The token as it travels. A secret of its holder: it is not to be logged."""
    links: tuple[Link, ...]
    """One for each block, block 0 first."""
    last: Link
    """The link whose key may use the token."""
    root: Root
    """Issuer, issuer key and principal, as block 0 claims."""

    def __init__(self, text: str, links: tuple[Link, ...]) -> None:
        """Keep ``links``, read from ``text``; callers outside this package use ``parse_unverified``."""
        root = links[0].block.root
        if root is None:  # pragma: no cover - parse_block gives block 0 a root
            raise DelegationMalformedError(block=0)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "links", links)
        object.__setattr__(self, "last", links[-1])
        object.__setattr__(self, "root", root)
        known_secrets.add(self)

    def __setattr__(self, name: str, value: object) -> None:
        """Tokens do not change."""
        msg = f"cannot set {name!r}: a token does not change; attenuate() mints another"
        raise AttributeError(msg)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Not pickled or copied by accident: a token leaves as its ``text``, on purpose."""
        msg = "a token is not pickled: hand on its text, and read it with parse_unverified()"
        raise TypeError(msg)

    def __known_secrets__(self) -> Iterable[bytes]:
        """The token's text, for masking."""
        return (self.text.encode(),)

    @property
    def agent(self) -> str:
        """The holder's agent id."""
        return self.last.block.agent

    @property
    def holder(self) -> PublicKey:
        """The holder's public key: requests and further blocks are signed with it."""
        return self.last.block.key

    @property
    def path(self) -> tuple[str, ...]:
        """The agent ids from block 0 to the holder."""
        return tuple(link.block.agent for link in self.links)

    @property
    def expires_at(self) -> int:
        """The earliest expiry of the chain, in seconds since the epoch."""
        return self.last.expires_at

    @property
    def audience(self) -> frozenset[str]:
        """The origins that every block names."""
        return self.last.audience

    @property
    def token_id(self) -> str:
        """The derived id of the last block."""
        return self.last.token_id

    @property
    def chain_id(self) -> str:
        """The derived id of block 0."""
        return self.links[0].token_id

    def __eq__(self, other: object) -> bool:
        """Two tokens are equal when their texts are."""
        return isinstance(other, UnverifiedToken) and other.text == self.text

    def __hash__(self) -> int:
        """Consistent with equality."""
        return hash(self.text)

    def __repr__(self) -> str:
        """Ids and names only."""
        return f"<UnverifiedToken {self.token_id} for {self.agent!r}, {len(self.links)} blocks>"


def append(token: UnverifiedToken | None, payload: bytes, signature: bytes) -> UnverifiedToken:
    """The token that ``token`` becomes with one more block."""
    link = make_link(token.last if token else None, payload, signature)
    head = token.text if token else PREFIX
    text = f"{head}.{b64url_encode(payload)}.{b64url_encode(signature)}"
    return UnverifiedToken(text, (*(token.links if token else ()), link))


def parse_unverified(text: str, *, known: UnverifiedToken | None = None) -> UnverifiedToken:
    """Read a token's structure. No signature is checked: nothing in the result is to be believed.

    ``known`` is a token already read whose text is a prefix of ``text``: its blocks are not read again.

    Raises ``TooLargeError`` over 16 KiB or 16 blocks, ``UnsupportedVersionError`` for another ``dlg``
    version, ``DelegationMalformedError`` for any other text, and what ``parse_block`` raises.
    """
    if len(text) > TOKEN_MAX_BYTES:
        msg = f"the token is {len(text)} characters, the limit is {TOKEN_MAX_BYTES}"
        raise TooLargeError(msg, limit=TOKEN_MAX_BYTES)
    parts = text.split(".", 2 * TOKEN_MAX_BLOCKS + 1)
    if parts[0] != PREFIX:
        error = UnsupportedVersionError if parts[0].startswith(_FAMILY) else DelegationMalformedError
        msg = f"the text does not begin with {PREFIX!r}"
        raise error(msg, limit=PREFIX)
    if len(parts) > 2 * TOKEN_MAX_BLOCKS + 1:
        msg = f"the token has more than {TOKEN_MAX_BLOCKS} blocks"
        raise TooLargeError(msg, limit=TOKEN_MAX_BLOCKS)
    if len(parts) == 1 or len(parts) % 2 == 0:
        msg = "a token is a version and one or more pairs of payload and signature, separated by dots"
        raise DelegationMalformedError(msg)
    links = list(known.links) if known else []
    link = links[-1] if links else None
    for index in range(len(links), len(parts) // 2):
        field = "payload"
        try:
            payload = b64url_decode(parts[2 * index + 1])
            field = "signature"
            signature = b64url_decode(parts[2 * index + 2], size=_SIGNATURE_BYTES)
        except MalformedError:
            msg = f"block {index}: the {field} is not canonical base64url of the right length"
            raise DelegationMalformedError(msg, block=index, field=field) from None
        link = make_link(link, payload, signature)
        links.append(link)
    return UnverifiedToken(text, tuple(links))
