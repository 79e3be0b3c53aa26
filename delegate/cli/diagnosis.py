"""What ``doctor`` finds out from a server: is it there, does it refuse strangers, does it accept a signature.

A refusal is read by its code. Where the signature does not verify and the server is in development mode,
its answer holds the signature base that it rebuilt, and ``compare`` names what was changed on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from delegate.cli.compare import compare
from delegate.cli.findings import Finding, refused
from delegate.cli.probe import Answer, Target, ask, sign_probe
from delegate.clock import Clock, read
from delegate.errors import BY_CODE, DelegateError, SignatureInvalidError
from delegate.keys import SigningKey
from delegate.limits import SKEW_DEFAULT, SKEW_MAX
from delegate.token import UnverifiedToken
from delegate.token.explain import duration

__all__ = ["diagnose"]

_SIGNATURE_BASE: Final = "signature_base"
"""The member of a problem document in which a server in development mode shows its base."""

_SUCCESSES: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401


def diagnose(
    url: str, key: SigningKey | None, token: UnverifiedToken | None, agent: str | None
) -> list[Finding]:
    """Ask ``url`` without a signature and, given a key and a name to sign with, with one."""
    try:
        target = Target.of(url)
        answer = ask(target)
        findings = [*_stranger(answer), *_clock(answer, read(Clock()))]
        findings += _signed(target, key, token, agent)
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
    target: Target, key: SigningKey | None, token: UnverifiedToken | None, agent: str | None
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
    signed = sign_probe(target, key, agent=name, token=token, now=read(Clock()))
    answer = ask(target, signed.headers)
    yield _verdict(answer, signed.envelope.canonical_bytes.decode("ascii"))


def _verdict(answer: Answer, base: str) -> Finding:
    """What the answer to the signed request says about the signature."""
    error = BY_CODE.get(answer.code or "")
    if error is None:
        return _foreign_verdict(answer)
    if answer.status == _FORBIDDEN:
        text = f"verifies; the request itself is refused: {error.code}"
        return Finding(check="signature", status="ok", text=text, notes=(error.fix,))
    detail = answer.problem.get("detail")
    text = f"refused: {error.code}" + (f": {detail}" if isinstance(detail, str) else "")
    theirs = answer.problem.get(_SIGNATURE_BASE)
    notes = _compared(base, theirs, error) if isinstance(theirs, str) else (_advice(error),)
    return Finding(check="signature", status="fail", text=text, notes=notes)


def _advice(error: type[DelegateError]) -> str:
    """The fix of a refusal; that of a bad signature is to run this very command, in better light."""
    if error is SignatureInvalidError:
        return "fix: run the server in development mode, and ask again: then what was changed is named"
    return f"fix: {error.fix}"


def _foreign_verdict(answer: Answer) -> Finding:
    """An answer that is not a refusal of ours: the application's, or that of something in front of it."""
    if answer.status in _SUCCESSES:
        return Finding(check="signature", status="ok", text=f"accepted: the answer is {answer.status}")
    text = f"the answer is {answer.status}, and no refusal of this library"
    return Finding(check="signature", status="fail" if answer.status == _UNAUTHORIZED else "warn", text=text)


def _compared(signed: str, arrived: str, error: type[DelegateError]) -> tuple[str, ...]:
    differences = compare(signed, arrived)
    if differences:
        return tuple(line for each in differences for line in (each.describe(), f"fix: {each.hint}"))
    if error is SignatureInvalidError:
        return ("nothing was changed on the way, so another key signed than the token names",)
    return (f"fix: {error.fix}",)
