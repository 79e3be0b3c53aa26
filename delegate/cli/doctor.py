"""``doctor``: what stands between a signed request and its acceptance, found one check at a time.

Files first (``findings``), then the server (``diagnosis``). One check that fails makes the exit code 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delegate.cli.files import load_key, no_revocations, read_token
from delegate.cli.findings import (
    Finding,
    attempt,
    check_chain,
    check_replay,
    check_revocations,
    check_token,
    check_trust,
)
from delegate.cli.options import Json, PassphraseFile, RevocationFiles
from delegate.cli.output import REFUSED, emit, reported, show, working
from delegate.clock import Clock, read
from delegate.errors import ConfigurationError
from delegate.keys import SigningKey, TrustStore
from delegate.revocation import Revocations
from delegate.token import UnverifiedToken
from delegate.token.picture import visible

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["doctor"]


@reported
def doctor(
    url: Annotated[str | None, typer.Argument(metavar="URL", help="Where to send a signed GET.")] = None,
    *,
    key: Annotated[Path | None, typer.Option(help="PEM file of the key that signs.")] = None,
    token: Annotated[str | None, typer.Option(metavar="FILE", help="File with the token.")] = None,
    agent: Annotated[str | None, typer.Option(help="Your agent id, where there is no token.")] = None,
    post: Annotated[
        bool, typer.Option("--post", help="Also send a POST whose nonce is used up, to see bodies arrive.")
    ] = False,
    trust: Annotated[Path | None, typer.Option(metavar="FILE", help="Trust file to check.")] = None,
    revocations: RevocationFiles = None,
    replay: Annotated[Path | None, typer.Option(metavar="FILE", help="SQLite replay store to check.")] = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Find out why signed requests are refused.

    Checks the files, then asks the server with a signed GET. With a server in development mode it names the
    component that was changed on the way. The token is sent to an origin of its audience only. The POST of
    --post is sent only to a server that has just refused the GET's nonce, and carries that nonce.
    """
    if url is None and key is None and token is None and trust is None and replay is None:
        msg = "nothing to look at: give a URL, --key, --token, --trust or --replay"
        raise ConfigurationError(msg, field="url")
    if revocations and trust is None:
        msg = "--revocations needs --trust: the keys that may sign a list stand there"
        raise ConfigurationError(msg, field="revocations")
    if post and url is None:
        msg = "--post needs a URL to send to"
        raise ConfigurationError(msg, field="post")
    findings: list[Finding] = []
    signer = None if key is None else _key(key, passphrase_file, findings)
    held = None if token is None else _token(token, signer, findings)
    if trust is not None and (store := attempt("trust file", lambda: TrustStore.load(trust), findings)):
        findings.append(check_trust(store))
        lists = _revocations(revocations or [], store, findings)
        if held is not None:
            _check("chain", lambda: check_chain(held, store, lists, origin=_origin(url, held)), findings)
    if replay is not None:
        _check("replay store", lambda: check_replay(replay), findings)
    if url is not None:
        from delegate.cli.diagnosis import diagnose  # noqa: PLC0415 - httpx is loaded to ask, not for --help

        with working(f"asking {url}"):
            findings += diagnose(url, signer, held, agent, post=post)
    _report(findings, as_json=as_json)


def _key(path: Path, passphrase_file: Path | None, findings: list[Finding]) -> SigningKey | None:
    key = attempt("key", lambda: load_key(path, passphrase_file), findings)
    if key is not None:
        findings.append(Finding(check="key", status="ok", text=f"{path} is private and loads"))
    return key


def _token(path: str, key: SigningKey | None, findings: list[Finding]) -> UnverifiedToken | None:
    token = attempt("token", lambda: read_token(path), findings)
    if token is not None:
        findings.append(check_token(token, key, read(Clock())))
    return token


def _origin(url: str | None, token: UnverifiedToken) -> str:
    """Where the chain is to hold: at the URL or, without one, where it says that it is for."""
    if url is None:
        return min(token.audience)
    from delegate.cli.probe import Target  # noqa: PLC0415 - as above

    return Target.of(url).origin


def _revocations(paths: list[Path], trust: TrustStore, findings: list[Finding]) -> Revocations | None:
    """The lists that were given and are good; ``None`` where none was given, as in a server without one."""
    revocations = no_revocations(trust, Clock())
    for path in paths:
        _check("revocation list", partial(check_revocations, path, revocations), findings)
    return revocations if paths else None


def _check(name: str, check: Callable[[], Finding], findings: list[Finding]) -> None:
    """Add what ``check`` finds, or how it was refused."""
    found = attempt(name, check, findings)
    if found is not None:
        findings.append(found)


def _report(findings: list[Finding], *, as_json: bool) -> None:
    healthy = all(finding.status != "fail" for finding in findings)
    if as_json:
        shown: list[JsonValue] = [
            {"check": each.check, "status": each.status, "text": each.text, "notes": [*each.notes]}
            for each in findings
        ]
        emit({"healthy": healthy, "findings": shown})
    else:
        for each in findings:
            notes = "".join(f"\n      {visible(note)}" for note in each.notes)
            show(f"{each.status:<4}  {each.check}: {visible(each.text)}{notes}")
    if not healthy:
        raise typer.Exit(REFUSED)
