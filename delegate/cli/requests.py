"""``verify`` and ``explain``: the verdict on a token, or on a whole captured request, without a server.

A token alone shows that its chain holds at an origin and an instant; who presents it is proved by a request
only. A request is judged by the same steps as in a server, in a dry run: no nonce is claimed. An issuer whose
record demands a revocation list is judged by the list that is given, and refused without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delegate.cli.captured import parse_request
from delegate.cli.files import no_revocations, read_bytes, read_revocation_list, read_token
from delegate.cli.options import Json, Now, RevocationFiles
from delegate.cli.output import REFUSED, emit, reported, show, width
from delegate.clock import Clock, ManualClock, read
from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import TrustStore
from delegate.limits import BODY_MAX_BYTES_DEFAULT, JSON_MAX_BYTES
from delegate.names import require_audience
from delegate.replay.memory import MemoryReplayStore
from delegate.revocation import Revocations
from delegate.token.explain import ChainPicture, duration, explain_chain
from delegate.token.picture import visible
from delegate.verifier import Verifier
from delegate.verifier.chain import require_chain
from delegate.verifier.explain import Explanation

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["explain", "verify"]

_CAPTURE_MAX_BYTES = BODY_MAX_BYTES_DEFAULT + JSON_MAX_BYTES

TokenFile = Annotated[str | None, typer.Argument(metavar="TOKENFILE", help="The token; - reads it.")]
RequestFile = Annotated[
    str | None, typer.Option("--request", metavar="FILE", help="A raw HTTP/1.1 request, instead of a token.")
]
TrustFile = Annotated[Path, typer.Option(help="The trust file to judge by.")]
Origin = Annotated[str, typer.Option(help="The server's origin, such as https://api.example.com.")]
Direct = Annotated[
    bool, typer.Option("--direct", help="Let keys with a direct scope sign requests without a token.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be judged, and by what."""

    tokenfile: str | None
    request: str | None
    trust: Path
    origin: str
    direct: bool
    revocations: tuple[Path, ...]
    now: int | None

    @property
    def clock(self) -> Clock:
        """The clock's time, or the instant that was asked for."""
        return Clock() if self.now is None else ManualClock(self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, in a few lines, as a picture, and as JSON."""

    accepted: bool
    summary: str
    picture: Callable[[int], str]
    """The long answer, at most so many columns wide."""
    json: dict[str, JsonValue]


@reported
def verify(
    tokenfile: TokenFile = None,
    *,
    request: RequestFile = None,
    trust: TrustFile,
    origin: Origin,
    direct: Direct = False,
    revocations: RevocationFiles = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Judge a token or a captured request, offline.

    Exit code 0 means yes, 1 no. A token shows that its chain holds; who may use it, a request proves. A
    request is judged in a dry run, which cannot tell whether it was replayed.
    """
    question = Question(
        tokenfile=tokenfile,
        request=request,
        trust=trust,
        origin=origin,
        direct=direct,
        revocations=tuple(revocations or ()),
        now=now,
    )
    _answer(question, lambda verdict: verdict.summary, as_json=as_json)


@reported
def explain(
    tokenfile: TokenFile = None,
    *,
    request: RequestFile = None,
    trust: TrustFile,
    origin: Origin,
    direct: Direct = False,
    revocations: RevocationFiles = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Like verify, with a picture of where it broke.

    Shows each step of verification, the chain, what each hop took away, and how much time is left.
    """
    question = Question(
        tokenfile=tokenfile,
        request=request,
        trust=trust,
        origin=origin,
        direct=direct,
        revocations=tuple(revocations or ()),
        now=now,
    )
    _answer(question, lambda verdict: verdict.picture(width()), as_json=as_json)


def _answer(question: Question, text: Callable[[Verdict], str], *, as_json: bool) -> None:
    verdict = _judge(question)
    if as_json:
        emit(verdict.json)
    else:
        show(text(verdict))
    if not verdict.accepted:
        raise typer.Exit(REFUSED)


def _judge(question: Question) -> Verdict:
    if (question.tokenfile is None) == (question.request is None):
        msg = "give either a token file or --request FILE"
        raise ConfigurationError(msg, field="request")
    trust = TrustStore.load(question.trust)
    if question.tokenfile is not None:
        return _judge_token(question.tokenfile, trust, question)
    return _judge_request(str(question.request), trust, question)


def _revocations(trust: TrustStore, question: Question) -> Revocations | None:
    """The lists that were given, in force. One that is refused is no verdict on what is to be judged."""
    if not question.revocations:
        return None
    revocations = no_revocations(trust, question.clock)
    for path in question.revocations:
        read_revocation_list(path, revocations)
    return revocations


def _judge_token(path: str, trust: TrustStore, question: Question) -> Verdict:
    now = read(question.clock)
    token = read_token(path)
    revocations = _revocations(trust, question)
    refusal = None
    try:
        origin = _origin(question.origin)
        require_chain(token, trust.snapshot, origin=origin, now=now, revocation=revocations)
    except DelegateError as error:
        if isinstance(error, ConfigurationError):
            raise
        refusal = error
    picture = explain_chain(token, now=now, refusal=refusal, verified=refusal is None)
    return Verdict(
        accepted=refusal is None,
        summary=_chain_summary(picture),
        picture=picture.to_text,
        json={"accepted": refusal is None, "chain": picture.to_json()},
    )


def _judge_request(path: str, trust: TrustStore, question: Question) -> Verdict:
    clock = question.clock
    door = Verifier(
        trust=trust,
        origins=[question.origin],
        replay=MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock),
        revocation=_revocations(trust, question),
        require_delegation=not question.direct,
        clock=clock,
    )
    explained: Explanation = door.explain(*parse_request(read_bytes(path, _CAPTURE_MAX_BYTES)))
    return Verdict(
        accepted=explained.accepted,
        summary="\n".join(explained.verdict),
        picture=explained.to_text,
        json=explained.to_json(),
    )


def _origin(text: str) -> str:
    try:
        return require_audience(text, "--origin")
    except DelegateError as error:
        raise ConfigurationError(str(error), field="origin") from None


def _chain_summary(picture: ChainPicture) -> str:
    refusal, last = picture.refusal, picture.hops[-1]
    if refusal is not None:
        where = "" if refusal.block is None else f" at block {refusal.block}"
        return f"refused{where}: {refusal.code}\n  why  {visible(refusal.message)}\n  fix  {refusal.fix}"
    left = duration(last.expires_at - picture.now)
    behalf = "" if picture.principal is None else f", on behalf of {visible(picture.principal)}"
    return (
        f"ok: the chain holds for {last.agent}, from {picture.issuer}{behalf}, for another {left}\n"
        f"  the holder's key, which must sign each request, is {last.key_id}"
    )
