"""``issue``, ``attenuate`` and ``inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delegate.cli.files import (
    load_key,
    read_bytes,
    read_public_key,
    read_scope,
    read_token,
    write_private,
)
from delegate.cli.options import Json, KeyFile, Lifetime, Now, Output, PassphraseFile
from delegate.cli.output import emit, reported, show, width
from delegate.clock import Clock, read
from delegate.errors import ConfigurationError
from delegate.keys import PublicKey
from delegate.limits import MAX_TTL_DEFAULT, TOKEN_MAX_BYTES
from delegate.token import KeyClaim, UnverifiedToken, attenuate, issue
from delegate.token.explain import explain_chain

__all__ = ["attenuate_token", "inspect_token", "issue_token"]

Agent = Annotated[str, typer.Option(help="Agent id of the one who receives it.")]
Why = Annotated[str | None, typer.Option(help="A reason for the log; signed, never authority.")]
TokenFile = Annotated[str, typer.Argument(metavar="TOKENFILE", help="File with the token; - reads it.")]


@reported
def issue_token(
    *,
    key: KeyFile,
    issuer: Annotated[str, typer.Option(help="Your name in the verifiers' trust files.")],
    agent: Agent,
    holder: Annotated[str, typer.Option(metavar="KEY", help="The agent's public key: text or file.")],
    scope: Annotated[str, typer.Option(metavar="FILE", help="JSON file with what is granted.")],
    audience: Annotated[list[str], typer.Option(metavar="ORIGIN", help="Server it is for; repeatable.")],
    expires_in: Lifetime = None,
    further_hops: Annotated[int, typer.Option(min=0, help="How often it may be handed on.")] = 0,
    root: Annotated[
        str | None, typer.Option(help="The human or session behind it, such as user:alice.")
    ] = None,
    why: Why = None,
    output: Output = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Issue a delegation token.

    It is block 0 of a chain, and good for an hour unless you say otherwise.
    """
    token = issue(
        load_key(key, passphrase_file),
        issuer=issuer,
        agent=agent,
        holder=read_public_key(holder),
        scope=read_scope(scope),
        audience=audience,
        expires_in=MAX_TTL_DEFAULT if expires_in is None else expires_in,
        further_hops=further_hops,
        root=root,
        why=why,
    )
    _deliver(token, output, as_json=as_json)


@reported
def attenuate_token(
    tokenfile: TokenFile,
    *,
    key: KeyFile,
    agent: Agent,
    holder: Annotated[
        str | None, typer.Option(metavar="KEY", help="The agent's public key, known to be its own.")
    ] = None,
    claim: Annotated[
        str | None, typer.Option(metavar="FILE", help="The agent's key claim, instead of --holder.")
    ] = None,
    challenge: Annotated[str | None, typer.Option(help="The challenge that the claim must answer.")] = None,
    scope: Annotated[str | None, typer.Option(metavar="FILE", help="JSON file; default: all of it.")] = None,
    audience: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Server it is for; default: as before.")
    ] = None,
    expires_in: Lifetime = None,
    further_hops: Annotated[int | None, typer.Option(min=0, help="How often it may be handed on.")] = None,
    why: Why = None,
    output: Output = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Hand a part of a token on, offline.

    Adds one block, signed with the holder's key. What is left out stays as it is in the token.
    """
    token = read_token(tokenfile)
    narrowed = attenuate(
        token,
        load_key(key, passphrase_file),
        agent=agent,
        holder=_holder(token, agent, holder, claim, challenge),
        scope=None if scope is None else read_scope(scope),
        audience=audience or None,
        expires_in=expires_in,
        further_hops=further_hops,
        why=why,
    )
    _deliver(narrowed, output, as_json=as_json)


@reported
def inspect_token(
    tokenfile: TokenFile,
    *,
    svg: Annotated[Path | None, typer.Option(help="Write the picture to this new SVG file.")] = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Draw a token as it claims to be.

    Nothing is verified, and every line says so; for a verdict see verify and explain.
    """
    picture = explain_chain(read_token(tokenfile), now=read(Clock()) if now is None else now)
    if svg is not None:
        write_private(svg, picture.to_svg())
    if as_json:
        emit(picture.to_json())
    else:
        show(picture.to_text(width()))


def _holder(
    token: UnverifiedToken, agent: str, holder: str | None, claim: str | None, challenge: str | None
) -> PublicKey:
    """The key to delegate to: one that the caller knows, or one that its holder has claimed."""
    if holder is not None and claim is None and challenge is None:
        return read_public_key(holder)
    if holder is None and claim is not None and challenge is not None:
        data = read_bytes(claim, TOKEN_MAX_BYTES)
        return KeyClaim.verify(data, delegator=token.agent, agent=agent, challenge=challenge).key
    msg = "give either --holder, or --claim and --challenge"
    raise ConfigurationError(msg, field="holder")


def _deliver(token: UnverifiedToken, output: Path | None, *, as_json: bool) -> None:
    """Hand the new token over: to a file of its own, or to standard output and nowhere else."""
    if output is not None:
        write_private(output, token.text + "\n")
    if as_json:
        emit(
            {
                "token": token.text if output is None else None,
                "token_id": token.token_id,
                "chain_id": token.chain_id,
                "agent": token.agent,
                "expires_at": token.expires_at,
            }
        )
    elif output is None:
        typer.echo(token.text)
    else:
        show(f"token {token.token_id} for {token.agent} is in {output}")
