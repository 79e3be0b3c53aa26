"""What an operator decides about a key and an issuer, and when a key counts.

The rules (design section 3): a key is trusted for **one usage**; only issuing and signing requests go
together, and only when the record says so in as many words. An issuer's record states what its chains may
ever grant (``ceiling``), where (``audiences``), how far (``max_depth``) and how long (``max_ttl``): nothing
of it is optional in spirit, and nothing is inferred from a message.

A key leaves service in one of two ways. **Retired** at T: tokens issued before T count until
T + ``max_ttl``, when the last of them has expired anyway. **Repudiated**: refused at once in every role.

Records that exist are valid: construction raises ``ConfigurationError`` with the wrong ``field``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NoReturn, TypeAlias

from delegate.errors import BytesError, ConfigurationError, KeyPurposeError, KeyRevokedError
from delegate.keys.key import PublicKey, Usage
from delegate.limits import MAX_TTL_DEFAULT, MAX_TTL_MAX, TIMESTAMP_MAX, TOKEN_MAX_BLOCKS
from delegate.names import require_audience, require_name
from delegate.scope import Scope

__all__ = ["Issuer", "KeyRecord", "Revocation", "Status"]

Status: TypeAlias = Literal["active", "retired", "repudiated"]
Revocation: TypeAlias = Literal["required", "none"]

_STATUSES: Final = frozenset({"active", "retired", "repudiated"})
_REVOCATIONS: Final = frozenset({"required", "none"})
_TOGETHER: Final = frozenset({Usage.ISSUE, Usage.REQUEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One key and what it is trusted for.

    ``not_before`` <= t < ``not_after`` in UTC seconds bounds the instants it signs for; ``None`` has no
    end. ``agent`` is the agent whose requests it signs, and ``direct_scope`` what that agent may do
    without a delegation (default: nothing).
    """

    key: PublicKey
    usages: frozenset[Usage]
    not_before: int
    not_after: int | None = None
    status: Status = "active"
    retired_at: int | None = None
    agent: str | None = None
    direct_scope: Scope | None = None
    allow_issue_and_request: bool = False

    def __post_init__(self) -> None:
        """Refuse a record that could be read in two ways."""
        if not isinstance(self.key, PublicKey):
            _refuse("key", "a PublicKey")
        _require_usages(self.usages, together=self.allow_issue_and_request is True)
        _require_int(self.not_before, "not_before", 0, TIMESTAMP_MAX)
        if self.not_after is not None:
            _require_int(self.not_after, "not_after", self.not_before + 1, TIMESTAMP_MAX)
        self._require_status()
        if self.agent is not None:
            _require(require_name, self.agent, "agent", "an agent id")
        self._require_direct_scope()

    def require_issuing(self, *, iat: int, now: int, max_ttl: int) -> None:
        """Refuse a token block issued at ``iat`` under this key, seen at ``now``.

        ``max_ttl`` is the issuer's, in seconds. Raises ``KeyPurposeError`` or ``KeyRevokedError``.
        """
        self._require_usage(Usage.ISSUE)
        self._require_in_service(iat)
        self.require_unended(now=now, max_ttl=max_ttl)

    def require_unended(self, *, now: int, max_ttl: int) -> None:
        """The part of ``require_issuing`` that depends on when it is asked."""
        if self.retired_at is not None and now >= self.retired_at + max_ttl:
            msg = "the issuer's key was retired and the time of its tokens is over: get a fresh token"
            raise KeyRevokedError(msg, field="retired_at", limit=self.retired_at + max_ttl)

    def require_current(self, usage: Usage, *, now: int) -> None:
        """Refuse what this key signs for ``usage`` at ``now``; raises as ``require_issuing``."""
        self._require_usage(usage)
        self._require_in_service(now)

    def _require_usage(self, usage: Usage) -> None:
        if usage not in self.usages:
            trusted = ", ".join(sorted(self.usages))
            msg = f"the key is trusted to {trusted}, not to {usage}: use a key whose record has this usage"
            raise KeyPurposeError(msg, field="usages", limit=trusted)

    def _require_in_service(self, signed_at: int) -> None:
        if self.status == "repudiated":
            msg = "the key is repudiated: use the issuer's current key"
            raise KeyRevokedError(msg, field="status", limit=self.status)
        if self.retired_at is not None and signed_at >= self.retired_at:
            msg = f"the key was retired at {self.retired_at}: use the issuer's current key"
            raise KeyRevokedError(msg, field="retired_at", limit=self.retired_at)
        if signed_at < self.not_before:
            msg = f"the key is not valid before {self.not_before}"
            raise KeyRevokedError(msg, field="not_before", limit=self.not_before)
        if self.not_after is not None and signed_at >= self.not_after:
            msg = f"the key is not valid from {self.not_after} on: use the issuer's current key"
            raise KeyRevokedError(msg, field="not_after", limit=self.not_after)

    def _require_status(self) -> None:
        if self.status not in _STATUSES:
            _refuse("status", "active, retired or repudiated")
        if (self.status == "retired") != (self.retired_at is not None):
            _refuse("retired_at", "given for a retired key, and for no other")
        if self.retired_at is not None:
            _require_int(self.retired_at, "retired_at", 0, TIMESTAMP_MAX)

    def _require_direct_scope(self) -> None:
        if self.direct_scope is None:
            return
        if not isinstance(self.direct_scope, Scope):
            _refuse("direct_scope", "a Scope")
        if self.direct_scope == Scope.UNRESTRICTED:
            _refuse("direct_scope", "a Scope with every part spelled out")
        if Usage.REQUEST not in self.usages or self.agent is None:
            _refuse("direct_scope", "on a key with the usage request and an agent only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One issuer: its keys, and the bounds of every chain that begins with it.

    ``max_ttl`` in seconds bounds exp - iat of a root block; ``max_depth`` the hops after it.
    """

    name: str
    ceiling: Scope
    audiences: tuple[str, ...]
    max_depth: int
    max_ttl: int = MAX_TTL_DEFAULT
    revocation: Revocation = "required"
    keys: tuple[KeyRecord, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a record with a missing bound or one key twice."""
        _require(require_name, self.name, "name", "an issuer name")
        if not isinstance(self.ceiling, Scope):
            _refuse("ceiling", "a Scope; Scope.UNRESTRICTED says everything")
        self._require_audiences()
        _require_int(self.max_depth, "max_depth", 0, TOKEN_MAX_BLOCKS - 1)
        _require_int(self.max_ttl, "max_ttl", 1, MAX_TTL_MAX)
        if self.revocation not in _REVOCATIONS:
            _refuse("revocation", "required or none")
        self._require_keys()

    def _require_audiences(self) -> None:
        if type(self.audiences) is not tuple or not self.audiences:
            _refuse("audiences", "one audience or more: none would be no server at all")
        for index, audience in enumerate(self.audiences):
            field = f"audiences[{index}]"
            _require(require_audience, audience, field, "an origin such as https://api.example.com")
            if audience in self.audiences[:index]:
                _refuse(field, "given once")

    def _require_keys(self) -> None:
        if type(self.keys) is not tuple:
            _refuse("keys", "a tuple of KeyRecord")
        seen: set[str] = set()
        for index, record in enumerate(self.keys):
            if not isinstance(record, KeyRecord):
                _refuse(f"keys[{index}]", "a KeyRecord")
            if record.key.key_id in seen:
                _refuse(f"keys[{index}].key", "in the issuer's record once: one record for each key")
            seen.add(record.key.key_id)


def _refuse(field: str, form: str, limit: object = None) -> NoReturn:
    msg = f"{field} must be {form}"
    raise ConfigurationError(msg, field=field, limit=limit) from None


def _require(check: Callable[[object, str], str], value: object, field: str, form: str) -> None:
    """Apply a check of ``names``, without its message: that shows the value, which may be a password."""
    try:
        check(value, field)
    except BytesError as error:
        _refuse(field, form, error.limit)


def _require_int(value: object, field: str, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        _refuse(field, f"a whole number from {least} to {most}", limit=most)


def _require_usages(usages: object, *, together: bool) -> None:
    if not isinstance(usages, frozenset) or any(type(usage) is not Usage for usage in usages):
        _refuse("usages", "a frozenset of Usage")
    if len(usages) == 1 or (usages == _TOGETHER and together):
        return
    _refuse("usages", "exactly one; issue and request together need allow_issue_and_request", limit=1)
