"""What an attacker may try, each attack a function, and the name of its refusal.

Every attack is made with all that its attacker would have: the bytes on the wire, a stolen token, or a key
of their own. Where minting would refuse to make a block, the block is made and signed by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import httpx

import delegate
from delegate.envelope.sign import sign_request
from delegate.keys import Purpose
from delegate.token import UnverifiedToken
from delegate.token.block import Block, Root
from delegate.token.chain import append
from examples.demo.cast import CEILING, SUB_WORKER_SCOPE, WORKER_SCOPE, Cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as an attacker would make it: signed, then changed at will."""

    cast: Cast
    method: str = "GET"
    path: str = "/v1/orders/o-1"
    query: str = ""
    body: bytes = b""

    def signed(
        self,
        token: UnverifiedToken | None = None,
        key: delegate.SigningKey | None = None,
        agent: str | None = None,
        now: int | None = None,
        authority: str | None = None,
    ) -> dict[str, bytes]:
        """The headers of this call, signed; by default just as the sub-worker would."""
        token = token or self.cast.handed_on
        host = self.cast.origin.removeprefix("http://")
        own = {"content-type": b"application/json"} if self.body else {}
        return (
            own
            | sign_request(
                key or self.cast.sub_worker,
                method=self.method,
                authority=authority or host,
                path=self.path.encode(),
                query=self.query.encode(),
                headers=own,
                body=self.body,
                identity=delegate.Identity(agent=agent or token.agent),
                token=token.text,
                now=int(time.time()) if now is None else now,
            ).headers
        )

    def send(self, headers: dict[str, bytes]) -> httpx.Response:
        """Send this call with these headers, whatever they were signed for."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        url = httpx.URL(self.cast.origin).copy_with(raw_path=target.encode())
        lines = [(name.encode(), value) for name, value in headers.items()]
        with httpx.Client() as wire:
            return wire.send(httpx.Request(self.method, url, headers=lines, content=self.body))


def dishonest(parent: UnverifiedToken | None, signer: delegate.SigningKey, block: Block) -> UnverifiedToken:
    """A block that minting refuses to make, correctly signed by whoever makes it."""
    payload = block.to_payload()
    unsigned = append(parent, payload, bytes(64))
    return append(parent, payload, signer.sign(Purpose.BLOCK, unsigned.last.signing_input))


def own_block(cast: Cast, scope: delegate.Scope | None = None) -> Block:
    """A block by which the sub-worker delegates to itself."""
    key = cast.sub_worker.public_key
    return Block(agent="sub-worker", key=key, issued_at=int(time.time()), nonce=bytes(12), scope=scope)


def root_block(cast: Cast, issuer: delegate.SigningKey, scope: delegate.Scope = WORKER_SCOPE) -> Block:
    """A block 0 that grants ``scope`` to the sub-worker in the name of ``acme``."""
    block = own_block(cast, scope)
    return block._replace(
        expires_at=block.issued_at + 60,
        further_hops=0,
        audience=(cast.origin,),
        root=Root(issuer="acme", kid=issuer.key_id, principal="user:alice"),
    )


Attack = Callable[[Cast], httpx.Response]


def replayed(cast: Cast) -> httpx.Response:
    """The same bytes a second time."""
    call = Call(cast=cast)
    headers = call.signed()
    call.send(headers).raise_for_status()
    return call.send(headers)


def changed_body(cast: Cast) -> httpx.Response:
    """A hundred times the cents."""
    call = Call(cast=cast, method="POST", path="/v1/refunds/o-1", body=b'{"cents":100}')
    return replace(call, body=b'{"cents":10000}').send(call.signed(cast.granted, cast.worker))


def changed_query(cast: Cast) -> httpx.Response:
    """Another file than the one that was signed for."""
    call = Call(cast=cast, path="/v1/files", query="path=/data/q3/a")
    return replace(call, query="path=/data/q3/b").send(call.signed())


def changed_method(cast: Cast) -> httpx.Response:
    """A read turned into a deletion."""
    call = Call(cast=cast)
    return replace(call, method="DELETE").send(call.signed())


def other_authority(cast: Cast) -> httpx.Response:
    """A request to another server, passed on to this one."""
    call = Call(cast=cast)
    return call.send(call.signed(authority="tools.example.com") | {"host": b"tools.example.com"})


def expired_request(cast: Cast) -> httpx.Response:
    """A recorded request, a minute late."""
    call = Call(cast=cast)
    return call.send(call.signed(now=int(time.time()) - 61))


def expired_token(cast: Cast) -> httpx.Response:
    """A token after its end."""
    now = int(time.time())
    block = root_block(cast, cast.orchestrator)._replace(issued_at=now - 120, expires_at=now - 1)
    return present(cast, dishonest(None, cast.orchestrator, block))


def widened_scope(cast: Cast) -> httpx.Response:
    """The sub-worker delegates more to itself than it has."""
    parent = delegate.attenuate(
        cast.granted,
        cast.worker,
        agent="sub-worker",
        holder=cast.sub_worker.public_key,
        scope=SUB_WORKER_SCOPE,
    )
    return present(cast, dishonest(parent, cast.sub_worker, own_block(cast, WORKER_SCOPE)))


def too_many_hops(cast: Cast) -> httpx.Response:
    """A token that may not be handed on, handed on."""
    return present(cast, dishonest(cast.handed_on, cast.sub_worker, own_block(cast)))


def tool_out_of_scope(cast: Cast) -> httpx.Response:
    """The sub-worker, who may only read, makes a refund."""
    call = Call(cast=cast, method="POST", path="/v1/refunds/o-1", body=b'{"cents":100}')
    return call.send(call.signed())


def resource_out_of_scope(cast: Cast) -> httpx.Response:
    """The sub-worker reads an order of somebody else's."""
    call = Call(cast=cast, path="/v1/orders/o-2")
    return call.send(call.signed())


def resource_with_dots(cast: Cast) -> httpx.Response:
    """A file path that climbs out of its folder."""
    call = Call(cast=cast, path="/v1/files", query="path=/data/q3/../../etc/passwd")
    return call.send(call.signed())


def stolen_token(cast: Cast) -> httpx.Response:
    """The token, without its holder's key."""
    thief = delegate.SigningKey.generate()
    call = Call(cast=cast)
    return call.send(call.signed(cast.granted, thief))


def spliced_chain(cast: Cast) -> httpx.Response:
    """The sub-worker's block, moved under a wider block 0."""
    wider = delegate.issue(
        cast.orchestrator,
        issuer="acme",
        agent="worker",
        holder=cast.worker.public_key,
        scope=CEILING,
        audience=[cast.origin],
        further_hops=2,
    )
    last = cast.handed_on.last
    return present(cast, append(wider, last.payload, last.signature))


def borrowed_identity(cast: Cast) -> httpx.Response:
    """The sub-worker signs as the worker."""
    call = Call(cast=cast)
    return call.send(call.signed(agent="worker"))


def untrusted_issuer(cast: Cast) -> httpx.Response:
    """Somebody issues to himself."""
    stranger = delegate.SigningKey.generate()
    return present(cast, dishonest(None, stranger, root_block(cast, stranger)))


def over_the_ceiling(cast: Cast) -> httpx.Response:
    """A trusted issuer grants more than the server's operator lets it."""
    scope = delegate.Scope(tools=["orders.delete"], max_risk="critical", operations=["admin"])
    return present(cast, dishonest(None, cast.orchestrator, root_block(cast, cast.orchestrator, scope)))


def unsigned(cast: Cast) -> httpx.Response:
    """No signature at all."""
    return Call(cast=cast).send({})


def present(cast: Cast, token: UnverifiedToken) -> httpx.Response:
    """Use ``token`` with the sub-worker's key."""
    call = Call(cast=cast)
    return call.send(call.signed(token))


ATTACKS: Final[dict[Attack, tuple[int, str]]] = {
    replayed: (401, "nonce_replayed"),
    changed_body: (401, "digest_mismatch"),
    changed_query: (401, "signature_invalid"),
    changed_method: (401, "component_missing"),
    other_authority: (421, "authority_rejected"),
    expired_request: (401, "expired"),
    expired_token: (401, "delegation_expired"),
    widened_scope: (403, "widened"),
    too_many_hops: (403, "depth_exceeded"),
    tool_out_of_scope: (403, "out_of_scope"),
    resource_out_of_scope: (403, "out_of_scope"),
    resource_with_dots: (403, "resource_malformed"),
    stolen_token: (401, "holder_mismatch"),
    spliced_chain: (401, "delegation_signature_invalid"),
    borrowed_identity: (401, "identity_mismatch"),
    untrusted_issuer: (401, "untrusted_root"),
    over_the_ceiling: (403, "widened"),
    unsigned: (401, "signature_missing"),
}
"""Attack -> the status and code of its refusal."""
