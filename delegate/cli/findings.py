"""What ``doctor`` finds in files: key, token, trust, revocation lists, replay store.

Each check is ok, warn or fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from delegate.cli.files import read_revocation_list
from delegate.clock import Clock, read
from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import SigningKey, TrustStore
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.revocation import Revocations
from delegate.token import UnverifiedToken
from delegate.token.explain import duration
from delegate.verifier.chain import require_chain

__all__ = [
    "Finding",
    "attempt",
    "check_chain",
    "check_replay",
    "check_revocations",
    "check_token",
    "check_trust",
    "refused",
]

_T = TypeVar("_T")
_DURABLE: Final = "durable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check, and what to do where it is not ok."""

    check: str
    status: Literal["ok", "warn", "fail"]
    text: str
    notes: tuple[str, ...] = ()


def refused(check: str, error: DelegateError) -> Finding:
    """The finding of a check that was refused."""
    if isinstance(error, ConfigurationError):
        return Finding(check=check, status="fail", text=str(error))
    return Finding(check=check, status="fail", text=f"{error.code}: {error}", notes=(f"fix: {error.fix}",))


def attempt(check: str, make: Callable[[], _T], findings: list[Finding]) -> _T | None:
    """What ``make`` gives; where it refuses, ``None`` and a finding."""
    try:
        return make()
    except DelegateError as error:
        findings.append(refused(check, error))
        return None


def check_token(token: UnverifiedToken, key: SigningKey | None, now: int) -> Finding:
    """Whether the token is still good, and the key its holder's; its signatures are the server's affair."""
    if token.expires_at <= now:
        text = f"expired {duration(now - token.expires_at)} ago"
        return Finding(check="token", status="fail", text=text, notes=("fix: get a fresh token",))
    if key is not None and key.public_key != token.holder:
        text = f"its holder's key is {token.holder.key_id}, and --key is {key.key_id}"
        note = "fix: sign with the key that the token was delegated to"
        return Finding(check="token", status="fail", text=text, notes=(note,))
    left = duration(token.expires_at - now)
    return Finding(check="token", status="ok", text=f"{token.agent} may use it for another {left}")


def check_trust(trust: TrustStore) -> Finding:
    """Whether the trust file trusts anybody, and how far."""
    issuers = trust.snapshot.issuers
    text = f"issuers: {len(issuers)}, keys: {sum(len(issuer.keys) for issuer in issuers)}"
    if not issuers:
        return Finding(check="trust file", status="warn", text=f"{text}: everything is refused")
    notes = tuple(f"{each.name} may grant everything" for each in issuers if each.ceiling.unrestricted)
    return Finding(check="trust file", status="warn" if notes else "ok", text=text, notes=notes)


def check_revocations(path: Path, revocations: Revocations) -> Finding:
    """Whether a verifier would take the list in a file, and count it now."""
    now = read(Clock())
    found = read_revocation_list(path, revocations)
    revocations.current(found.issuer, now=now)
    text = (
        f"list {found.version} of {found.issuer}, {duration(max(0, now - found.issued_at))} old: "
        f"{len(found.tokens)} token ids, {len(found.keys)} key ids"
    )
    return Finding(check="revocation list", status="ok", text=text)


def check_chain(
    token: UnverifiedToken, trust: TrustStore, revocations: Revocations | None, *, origin: str
) -> Finding:
    """Whether a server at ``origin`` that trusts by this file would believe the token's chain."""
    require_chain(token, trust.snapshot, origin=origin, now=read(Clock()), revocation=revocations)
    return Finding(check="chain", status="ok", text=f"holds at {origin} by this trust file")


def check_replay(path: Path) -> Finding:
    """Whether the replay store can be opened. One that is not there is left to the server to make."""
    if not path.exists():
        text = f"there is no {path}"
        note = "the server makes it at its first start, and refuses what is older"
        return Finding(check="replay store", status="warn", text=text, notes=(note,))
    try:
        SQLiteReplayStore(path).close()
    except ConfigurationError as error:
        # Opened as durable, a store that is not says so and stays as it is; otherwise it gets an epoch.
        if error.field != _DURABLE:
            raise
    return Finding(check="replay store", status="ok", text=f"{path} opens")
