"""What ``doctor`` finds out from a server: is it there, does it refuse strangers, does it accept a signature.

A refusal is read by its code. Where the signature does not verify and the server is in development mode,
its answer holds the signature base that it rebuilt, and ``compare`` names what was changed on the way. A
server that is not tells strangers one code for all causes; what could not be seen for that reason is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from delegate.cli.compare import compare
from delegate.cli.findings import Finding, refused
from delegate.cli.probe import PROBE_BODY, Answer, Target, ask, sign_get, sign_post
from delegate.clock import Clock, read
from delegate.envelope.sign import SignedRequest
from delegate.errors import (
    BY_CODE,
    AuthorityRejectedError,
    BodyTooLargeError,
    BodyTruncatedError,
    BodyUnexpectedError,
    DelegateError,
    DigestMismatchError,
    NonceReplayedError,
    SignatureInvalidError,
)
from delegate.keys import SigningKey
from delegate.limits import SKEW_DEFAULT, SKEW_MAX
from delegate.token import UnverifiedToken
from delegate.token.explain import duration

__all__ = ["diagnose"]

_SIGNATURE_BASE: Final = "signature_base"
"""The member of a problem document in which a server in development mode shows its base."""

_UNSEEN: Final = (
    "not seen: a server that is not in development mode tells strangers this code for nearly every cause",
    "not seen: whether a component was changed on the way, a header added, or the key or issuer unknown",
    "fix: run the server in development mode, and ask again: then the cause is named",
)
_CHANGED_BODY: Final = frozenset(
    each.code for each in (DigestMismatchError, BodyTooLargeError, BodyTruncatedError, BodyUnexpectedError)
)

_SUCCESSES: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401


def diagnose(
    url: str, key: SigningKey | None, token: UnverifiedToken | None, agent: str | None, *, post: bool
) -> list[Finding]:
    """Ask ``url`` without a signature and, given a key and a name to sign with, with one.

    With ``post``, ask a server that accepts the signed GET whether it gets bodies as they were sent.
    """
    try:
        target = Target.of(url)
        answer = ask(target)
        findings = [*_stranger(answer), *_clock(answer, read(Clock()))]
        findings += _signed(target, key, token, agent, post=post)
    except DelegateError as error:
        return [refused("server", error)]
    return findings


def _stranger(answer: Answer) -> Iterator[Finding]:
    """A protected path refuses the unsigned request, in this library's words."""
    if answer.status in _REDIRECTS:
        text = f"redirects ({answer.status}) to {answer.location or 'nowhere'}"
        note = "fix: address the final place; a signed request does not follow redirects"
        yield Finding(check="server", status="warn", text=text, notes=(note,))
    elif answer.challenged or answer.code in BY_CODE:
        yield Finding(check="server", status="ok", text="answers, and refuses an unsigned request")
    else:
        text = f"answers an unsigned request with {answer.status}, and not as this library does"
        note = "is this path protected? something in front of the server may have answered"
        yield Finding(check="server", status="warn", text=text, notes=(note,))


def _clock(answer: Answer, now: int) -> Iterator[Finding]:
    """The server's clock, as its Date header tells it: whole seconds, and a moment old."""
    if answer.date is None:
        yield Finding(check="clock", status="warn", text="the answer has no Date header to compare with")
        return
    apart = abs(answer.date - now)
    text = f"{duration(apart)} between this clock and the server's"
    note = f"fix: synchronize the clocks; the server tolerates {SKEW_DEFAULT} s unless configured"
    if apart < SKEW_DEFAULT:
        yield Finding(check="clock", status="ok", text=text)
    else:
        status: Literal["warn", "fail"] = "warn" if apart <= SKEW_MAX else "fail"
        yield Finding(check="clock", status=status, text=text, notes=(note,))


def _signed(
    target: Target, key: SigningKey | None, token: UnverifiedToken | None, agent: str | None, *, post: bool
) -> Iterator[Finding]:
    name = agent if token is None else token.agent
    if key is None or name is None:
        text = "not tried: it takes --key, and --token or --agent"
        yield Finding(check="signature", status="warn", text=text)
        return
    if token is not None and target.origin not in token.audience:
        text = f"not sent: the token is for {', '.join(sorted(token.audience))}, not for {target.origin}"
        note = "fix: get a token whose audience lists this origin"
        yield Finding(check="audience", status="fail", text=text, notes=(note,))
        return
    signed = sign_get(target, key, agent=name, token=token, now=read(Clock()))
    verdict = _verdict("signature", ask(target, signed), signed, target)
    yield verdict
    if post and verdict.status == "fail":
        yield _no_post("the signed GET was refused")
    elif post:
        yield _body(target, key, signed)


def _body(target: Target, key: SigningKey, get: SignedRequest) -> Finding:
    """Whether a body arrives, told by a server that refuses the nonce of ``get`` from here on."""
    again = ask(target, get)
    if _verified(again):
        return _replayed(f"the same signed GET was accepted twice: the answer is {again.status}")
    if again.code != NonceReplayedError.code:
        return _no_post(f"the same GET, sent again, was answered with {again.code or again.status}")
    signed = sign_post(target, key, get, now=read(Clock()))
    answer = ask(target, signed, PROBE_BODY)
    if answer.code == NonceReplayedError.code:
        text = f"{len(PROBE_BODY)} bytes arrive unchanged, in a POST that was refused for its used nonce"
        return Finding(check="body", status="ok", text=text)
    if answer.code in _CHANGED_BODY:
        note = "fix: something on the way rewrites, decodes or drops bodies: switch that off for this server"
        return Finding(check="body", status="fail", text=f"changed on the way: {answer.code}", notes=(note,))
    if _verified(answer):
        return _replayed(f"a POST with the GET's nonce was answered with {answer.code or answer.status}")
    return _verdict("body", answer, signed, target)


def _verified(answer: Answer) -> bool:
    """Whether the request went past the last step of verification, be it to be denied its action."""
    return answer.status in _SUCCESSES or (answer.status == _FORBIDDEN and answer.code in BY_CODE)


def _no_post(why: str) -> Finding:
    """A POST is sent only where it will be refused."""
    return Finding(check="body", status="warn", text=f"no POST was sent: {why}")


def _replayed(text: str) -> Finding:
    """What was signed once was obeyed twice."""
    note = "fix: give all processes one replay store, and let no path or method around the verifier"
    return Finding(check="replay", status="fail", text=text, notes=(note,))


def _verdict(check: str, answer: Answer, signed: SignedRequest, target: Target) -> Finding:
    """What the answer to a signed request says about the signature."""
    error = BY_CODE.get(answer.code or "")
    if error is None:
        return _foreign_verdict(check, answer)
    if answer.status == _FORBIDDEN:
        text = f"verifies; the request itself is refused: {error.code}"
        return Finding(check=check, status="ok", text=text, notes=(error.fix,))
    detail = answer.problem.get("detail")
    text = f"refused: {error.code}" + (f": {detail}" if isinstance(detail, str) else "")
    return Finding(check=check, status="fail", text=text, notes=_notes(error, answer, signed, target))


def _notes(
    error: type[DelegateError], answer: Answer, signed: SignedRequest, target: Target
) -> tuple[str, ...]:
    """What was changed, where the server shows its base; else what to do, and what could not be seen."""
    theirs = answer.problem.get(_SIGNATURE_BASE)
    if isinstance(theirs, str):
        return _compared(signed.canonical_bytes.decode("ascii"), theirs, error)
    if error is AuthorityRejectedError:
        return (
            f'@authority: signed "{target.authority}", which is not what arrived, or no origin of the server',
            f'fix: where a proxy replaces Host, set public_origin="{target.origin}" on the server',
        )
    if error is SignatureInvalidError:
        return _UNSEEN
    return (f"fix: {error.fix}",)


def _foreign_verdict(check: str, answer: Answer) -> Finding:
    """An answer that is not a refusal of ours: the application's, or that of something in front of it."""
    if answer.status in _SUCCESSES:
        return Finding(check=check, status="ok", text=f"accepted: the answer is {answer.status}")
    text = f"the answer is {answer.status}, and no refusal of this library"
    return Finding(check=check, status="fail" if answer.status == _UNAUTHORIZED else "warn", text=text)


def _compared(signed: str, arrived: str, error: type[DelegateError]) -> tuple[str, ...]:
    differences = compare(signed, arrived)
    if differences:
        return tuple(line for each in differences for line in (each.describe(), f"fix: {each.hint}"))
    if error is SignatureInvalidError:
        return ("nothing was changed on the way, so another key signed than the token names",)
    return (f"fix: {error.fix}",)
