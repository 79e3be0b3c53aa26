"""The chain as a picture for people: who hands what to whom, what each hop took away, and where it broke.

The rule: a picture decides nothing and proves nothing. It is made from an ``UnverifiedToken``, says
UNVERIFIED on every line unless its maker knows better, and shows names, scopes, times and public ids only:
never the token, a signature or a nonce. The values of a hop are the effective ones, as verification reads
them; a refusal is passed in and is drawn at the block it names, -1 being the issuer's ceiling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from delegate.errors import DelegateError
from delegate.scope import Scope
from delegate.token.picture import WIDTH_DEFAULT, Panel, draw_svg, draw_text
from delegate.token.refusal import Refusal

if TYPE_CHECKING:
    from delegate.canonical import JsonValue
    from delegate.token.chain import Link, UnverifiedToken

__all__ = ["ChainPicture", "Change", "Hop", "duration", "explain_chain"]

CEILING: Final = -1
"""The block index by which refusals speak of the issuer's ceiling."""

_SETS: Final = frozenset({"audience", "operations", "sensitivities", "tools"})
_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_SHOWN: Final = 12
"""How many values of one part a picture lists before it counts the rest; JSON lists all."""

_KEY_ID_SHOWN: Final = 12
_RESOURCES: Final = "resources."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One part of the authority in which a hop differs from its parent.

    ``field`` is audience, tools, operations, sensitivities, max_risk or ``resources.<type>``. Where
    ``after`` has what ``before`` has not, and the field is no resource or risk, the hop claims too much.
    """

    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """What the parent has and this hop has not."""
        return tuple(value for value in self.before if value not in self.after)

    @property
    def given(self) -> tuple[str, ...]:
        """What this hop has and the parent has not, in the same words."""
        return tuple(value for value in self.after if value not in self.before)

    def describe(self) -> str:
        """The difference in a few words."""
        if self.field not in _SETS:
            return f"was {_listed(self.before)}"
        parts = (("\N{MINUS SIGN} ", self.taken), ("+ ", self.given))
        return "; ".join(sign + _listed(values) for sign, values in parts if values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One delegation of the chain, with what is left of the authority after it. Times in UTC seconds."""

    index: int
    delegator: str
    """The issuer's name in block 0, the parent's agent id below it."""
    agent: str
    token_id: str
    key_id: str
    issued_at: int
    expires_at: int
    shortened_by: int
    """Seconds by which it ends before its parent."""
    further_hops: int
    audience: tuple[str, ...]
    scope: Scope
    why: str | None
    changes: tuple[Change, ...]
    """What it took away, or claims too much; empty for block 0, whose parent is not in the token."""

    def to_json(self) -> dict[str, JsonValue]:
        """All of it, as a JSON object."""
        changes: list[JsonValue] = [
            {"field": change.field, "before": [*change.before], "after": [*change.after]}
            for change in self.changes
        ]
        return {
            "block": self.index,
            "delegator": self.delegator,
            "agent": self.agent,
            "token_id": self.token_id,
            "key_id": self.key_id,
            "issued_at": self.issued_at,
            "expires_at": self.expires_at,
            "further_hops": self.further_hops,
            "audience": [*self.audience],
            "scope": cast("JsonValue", self.scope.to_json()),
            "why": self.why,
            "changes": changes,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPicture:
    """A chain at one instant, for people. It is no proof, whatever ``verified`` says."""

    hops: tuple[Hop, ...]
    principal: str | None
    """The human or system session at the root, as the issuer names it."""
    now: int
    verified: bool
    """Whether the maker of the picture had every signature of the chain verified."""
    refusal: Refusal | None = None

    @property
    def issuer(self) -> str:
        """Whose authority the chain draws on."""
        return self.hops[0].delegator

    @property
    def broken_at(self) -> int | None:
        """The block that the refusal names, -1 for the ceiling; ``None`` when it names none."""
        return None if self.refusal is None else self.refusal.block

    def to_text(self, width: int = WIDTH_DEFAULT) -> str:
        """Boxes of plain Unicode, at most ``width`` columns; each line says when it is unverified."""
        return draw_text(
            self._head(), self._panels(), foot=self._foot(), unverified=not self.verified, width=width
        )

    def to_svg(self) -> str:
        """A self-contained SVG document."""
        title = f"delegation chain from {self.issuer} to {self.hops[-1].agent}"
        return draw_svg(title, self._head(), self._panels(), foot=self._foot(), unverified=not self.verified)

    def to_json(self) -> dict[str, JsonValue]:
        """All of it, as a JSON object."""
        return {
            "verified": self.verified,
            "issuer": self.issuer,
            "principal": self.principal,
            "chain_id": self.hops[0].token_id,
            "token_id": self.hops[-1].token_id,
            "now": self.now,
            "expires_at": self.hops[-1].expires_at,
            "blocks": [hop.to_json() for hop in self.hops],
            "refusal": None if self.refusal is None else self.refusal.to_json(),
        }

    def _head(self) -> list[str]:
        blocks = "1 block" if len(self.hops) == 1 else f"{len(self.hops)} blocks"
        behalf = "nobody it names" if self.principal is None else self.principal
        first, last = self.hops[0], self.hops[-1]
        return [
            f"{self.issuer} \N{RIGHTWARDS ARROW} {last.agent}, on behalf of {behalf}",
            f"chain {first.token_id}, {blocks}, {_time(last, self.now)}",
        ]

    def _panels(self) -> list[Panel]:
        panels = [_panel(hop, self.now, self._reason(hop.index)) for hop in self.hops]
        ceiling = self._reason(CEILING)
        if ceiling is None:
            return panels
        title = f"the ceiling of {self.issuer}, in the verifier's trust store"
        return [Panel(title=title, broken=ceiling), *panels]

    def _reason(self, block: int) -> str | None:
        """What broke at this block, for its panel."""
        if self.refusal is None or self.broken_at != block:
            return None
        return f"{'ceiling' if block == CEILING else f'block {block}'}: {_told(self.refusal)}"

    def _foot(self) -> str | None:
        """What broke, where no panel shows it."""
        if self.refusal is None or self.broken_at in {CEILING, *(hop.index for hop in self.hops)}:
            return None
        return _told(self.refusal)


def explain_chain(
    token: UnverifiedToken, *, now: int, refusal: DelegateError | None = None, verified: bool = False
) -> ChainPicture:
    """Draw ``token`` as it stands at ``now`` (UTC seconds), with the ``refusal`` it met, if any.

    ``verified`` is for a caller that has just had the chain verified; it is only shown.
    """
    return ChainPicture(
        hops=tuple(_hop(link, token.root.issuer) for link in token.links),
        principal=token.root.principal,
        now=now,
        verified=verified,
        refusal=None if refusal is None else Refusal.of(refusal),
    )


def duration(seconds: int) -> str:
    """A length of time in its two largest units: ``9 min 58 s``, ``2 d 3 h``, ``0 s``."""
    first = next((rank for rank, (_, size) in enumerate(_UNITS) if seconds >= size), len(_UNITS) - 1)
    parts = []
    for unit, size in _UNITS[first : first + 2]:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _hop(link: Link, issuer: str) -> Hop:
    block, parent = link.block, link.parent
    return Hop(
        index=link.index,
        delegator=issuer if parent is None else parent.block.agent,
        agent=block.agent,
        token_id=link.token_id,
        key_id=block.key.key_id,
        issued_at=block.issued_at,
        expires_at=link.expires_at,
        shortened_by=0 if parent is None else parent.expires_at - link.expires_at,
        further_hops=link.further_hops,
        audience=tuple(sorted(link.audience)),
        scope=link.scope,
        why=block.why,
        changes=() if parent is None else tuple(_changes(_parts(parent), _parts(link))),
    )


def _parts(link: Link) -> dict[str, tuple[str, ...]]:
    """The authority at ``link``, part by part, in the order of a picture."""
    return {"audience": tuple(sorted(link.audience))} | _scope_parts(link.scope)


def _scope_parts(scope: Scope) -> dict[str, tuple[str, ...]]:
    parts = {
        "tools": tuple(sorted(scope.tools)),
        "max_risk": (scope.max_risk,),
        "operations": tuple(sorted(scope.operations)),
        "sensitivities": tuple(sorted(scope.sensitivities)),
    }
    for kind, granted in scope.resources.items():
        for matcher, patterns in granted.items():
            parts[_RESOURCES + kind] = tuple(f"{matcher}:{pattern}" for pattern in patterns)
    return parts


def _changes(before: dict[str, tuple[str, ...]], after: dict[str, tuple[str, ...]]) -> Iterable[Change]:
    for name in before | after:
        was, is_now = before.get(name, ()), after.get(name, ())
        if was != is_now:
            yield Change(field=name, before=was, after=is_now)


def _panel(hop: Hop, now: int, broken: str | None) -> Panel:
    rows = [("time", _time(hop, now) + _shorter(hop)), ("hops", _hops(hop.further_hops))]
    if hop.index == 0:
        parts = {"audience": hop.audience} | _scope_parts(hop.scope)
        rows += [_row(name, values) for name, values in parts.items() if values]
    for change in hop.changes:
        rows += [_row(change.field, change.after), ("", change.describe())]
    if hop.index and not hop.changes:
        rows.append(("scope", f"all that block {hop.index - 1} has"))
    if hop.why is not None:
        rows.append(("why", hop.why))
    rows += [("token", hop.token_id), ("key", f"{hop.key_id[:_KEY_ID_SHOWN]}\N{HORIZONTAL ELLIPSIS}")]
    title = f"block {hop.index}: {hop.delegator} \N{RIGHTWARDS ARROW} {hop.agent}"
    return Panel(title=title, rows=tuple(rows), broken=broken)


def _row(name: str, values: Sequence[str]) -> tuple[str, str]:
    """A label of the picture's column and its text; the type of a resource stands before its patterns."""
    if name.startswith(_RESOURCES):
        return "resources", f"{name.removeprefix(_RESOURCES)} {_listed(values)}"
    return name.replace("_", " "), _listed(values)


def _listed(values: Sequence[str]) -> str:
    rest = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return (", ".join(values[:_SHOWN]) or "none") + rest


def _time(hop: Hop, now: int) -> str:
    if now >= hop.expires_at:
        return f"expired {duration(now - hop.expires_at)} ago"
    ahead = f"begins in {duration(hop.issued_at - now)}, " if hop.issued_at > now else ""
    return f"{ahead}{duration(hop.expires_at - now)} left"


def _shorter(hop: Hop) -> str:
    return f" ({duration(hop.shortened_by)} less than block {hop.index - 1})" if hop.shortened_by else ""


def _hops(further: int) -> str:
    return f"{further} more" if further > 0 else "no more"


def _told(refusal: Refusal) -> str:
    return f"{refusal.code}: {refusal.message}"
