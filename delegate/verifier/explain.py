"""A verdict as something to read: which of the eleven steps refused, why, what to do, and the chain.

The rule: an explanation explains and proves nothing. It is a plain value that anybody can build, holds no
``Verified``, and its ``accepted`` says what a dry run found, which claims no nonce: the same request may
have been obeyed a second ago. It shows no token, signature or nonce, and a refused request's chain is
always UNVERIFIED: even where its signatures were checked, the refusal may say that they count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from delegate.errors import DelegateError
from delegate.token.chain import parse_unverified
from delegate.token.explain import ChainPicture, explain_chain
from delegate.token.picture import WIDTH_DEFAULT, visible
from delegate.token.refusal import Refusal

if TYPE_CHECKING:
    from delegate.canonical import JsonValue
    from delegate.verifier.http import Request
    from delegate.verifier.message import Message
    from delegate.verifier.proof import Verified

__all__ = ["STEPS", "Explanation", "Status", "StepReport"]

Status: TypeAlias = Literal["passed", "refused", "not reached", "not asked"]

STEPS: Final = (
    "headers: one line each, within their sizes",
    "signature: one with the profile's tag, strictly read",
    "coverage: everything that changes the meaning is signed",
    "window: created and expires around this clock",
    "target: method, origin, path and query in their one form",
    "signer: a known root, and the key of the last block",
    "envelope: the signature verifies over what arrived",
    "chain: signatures, narrowing, audience, time, revocation, ceiling",
    "body: read within its limits, and its digest",
    "clock again: nothing ended while the body was read",
    "nonce: accepted once, and not before",
)
"""What each step of verification asks, step 1 first (``delegate.verifier.steps``)."""

_CLAIM: Final = len(STEPS)
"""The step that a dry run does not ask, since asking changes the store."""

_MARKS: Final[dict[Status, str]] = {
    "passed": "\N{CHECK MARK}",
    "refused": "\N{BALLOT X}",
    "not reached": "\N{MIDDLE DOT}",
    "not asked": "\N{MIDDLE DOT}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step of verification and what became of it."""

    number: int
    name: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a dry run found out about one request."""

    accepted: bool
    message: str
    refusal: Refusal | None
    """Its code, fix, step, block, field, component and limit."""
    chain: ChainPicture | None
    """The delegation chain, where one could be read from the request."""

    @classmethod
    def refused(cls, request: Request | Message, refusal: DelegateError, *, now: int) -> Explanation:
        """Explain why ``request`` was refused at ``now`` (UTC seconds)."""
        return cls(
            accepted=False,
            message=str(refusal),
            refusal=Refusal.of(refusal),
            chain=_picture(request, refusal, now),
        )

    @classmethod
    def passed(cls, verified: Verified, *, now: int) -> Explanation:
        """Explain an acceptance; of ``verified`` only names and the chain's picture are kept."""
        behalf = "" if verified.root is None else f" on behalf of {verified.root}"
        token = verified.token
        return cls(
            accepted=True,
            message=f"{verified.agent} asks{behalf}, under the authority of {verified.issuer}",
            refusal=None,
            chain=None if token is None else explain_chain(token, now=now, verified=True),
        )

    @property
    def code(self) -> str | None:
        """The code of the refusal."""
        return None if self.refusal is None else self.refusal.code

    @property
    def step(self) -> int | None:
        """The step that refused, 1 to 11."""
        return None if self.refusal is None else self.refusal.step

    @property
    def steps(self) -> tuple[StepReport, ...]:
        """All eleven steps in order, each with its status."""
        return tuple(
            StepReport(number=number, name=name, status=self._status(number))
            for number, name in enumerate(STEPS, 1)
        )

    @property
    def verdict(self) -> tuple[str, ...]:
        """The verdict in one to three lines."""
        if self.refusal is None:
            return (f"would be accepted: {visible(self.message)}",)
        where = "" if self.step is None else f" at step {self.step}"
        return (
            f"refused{where}: {self.refusal.code}",
            f"  why  {visible(self.message)}",
            f"  fix  {self.refusal.fix}",
        )

    def to_text(self, width: int = WIDTH_DEFAULT) -> str:
        """The verdict, the steps, and the chain, without a line end at the end."""
        lines = [*self.verdict, ""]
        lines += [f"{_MARKS[step.status]} {step.number:2} {step.name}{_note(step)}" for step in self.steps]
        if self.chain is not None:
            lines += ["", self.chain.to_text(width)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, JsonValue]:
        """All of it, as a JSON object."""
        steps: list[JsonValue] = [
            {"step": step.number, "name": step.name, "status": step.status} for step in self.steps
        ]
        return {
            "accepted": self.accepted,
            "message": self.message,
            "refusal": None if self.refusal is None else self.refusal.to_json(),
            "steps": steps,
            "chain": None if self.chain is None else self.chain.to_json(),
        }

    def _status(self, number: int) -> Status:
        if self.accepted:
            return "not asked" if number == _CLAIM else "passed"
        if self.step is None or number > self.step:
            return "not reached"
        return "refused" if number == self.step else "passed"


def _note(step: StepReport) -> str:
    return {"refused": " (refused)", "not asked": " (not asked: this was a dry run)"}.get(step.status, "")


def _picture(request: Request | Message, refusal: DelegateError, now: int) -> ChainPicture | None:
    """The chain that the request states, if one can be read from it."""
    try:
        text = request.stated_delegation()
        if text is None:
            return None
        token = parse_unverified(text)
    except DelegateError:
        return None
    return explain_chain(token, now=now, refusal=refusal)
