"""Who may sign the answers of which server, and what a signed answer proves: decisions, no I/O.

The rule: an origin that ``ServerKeys`` names answers with a signature of one of its own keys, whose record
says that it signs responses and nothing else; any other answer from there is refused with
``ResponseUnboundError``, whose cause says what was wrong, and whose ``executed`` is "unknown". Other origins
are not concerned.

What does a signed *refusal* prove? Whoever controls the network can deliver one request twice, so a refusal
may speak of another delivery than the one that was executed. Only a refusal that came after the server had
claimed the request's nonce speaks of them all: the nonce is accepted once, and it was accepted for the
delivery that was refused. Such a refusal, and no other, names the id of the request that it refuses. So
``VerifiedAnswer.refusal`` has ``executed="no"`` where the refusal says so and names *this* request, and else
"unknown" (design rule 10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Final, NamedTuple, NoReturn

from delegate.canonical import JsonValue, parse_strict
from delegate.envelope.response import binding_sent, is_event_stream, verify_response
from delegate.envelope.sign import SignedRequest
from delegate.errors import (
    BY_CODE,
    PROBLEM_TYPE_PREFIX,
    ConfigurationError,
    DelegateError,
    KeyUnknownError,
    ResponseUnboundError,
)
from delegate.keys import KeyRecord, PublicKey, Usage
from delegate.names import require_origin

__all__ = ["ServerKeys", "VerifiedAnswer", "refuse_answer", "require_signable", "verify_answer"]

_PROBLEM: Final = b"application/problem+json"


class ServerKeys:
    """The keys that sign the answers of each origin; immutable."""

    __slots__ = ("_records",)

    def __init__(self, servers: Mapping[str, Iterable[KeyRecord | PublicKey]]) -> None:
        """Expect signed answers from these origins.

        A ``PublicKey`` stands for a record with the usage ``response`` that is good for all time. Raises
        ``ConfigurationError`` for no origin at all, an origin without keys, and a key for another usage.
        """
        self._records: dict[str, dict[str, KeyRecord]] = {}
        for origin, keys in servers.items():
            records = [_record(origin, key) for key in keys]
            self._records[_origin(origin)] = {record.key.key_id: record for record in records}
            if not records or len(self._records[origin]) < len(records):
                _refuse(origin, "needs one record or more, and one for each key")
        if not self._records:
            msg = "name the origins whose answers must be signed, with the keys that sign them"
            raise ConfigurationError(msg, field="server_keys")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> ServerKeys:
        """Read a file of server keys (see ``delegate.keys.server_file``); raises ``ConfigurationError``."""
        from delegate.keys import server_file  # noqa: PLC0415 - pydantic is loaded with the first file

        return cls(server_file.load(path))

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose answers must be signed."""
        return frozenset(self._records)

    def __contains__(self, origin: object) -> bool:
        """Whether answers of ``origin`` must be signed."""
        return origin in self._records

    def key(self, origin: str, key_id: str, *, now: int) -> PublicKey:
        """The key of this id, if it signs the answers of ``origin`` at ``now``.

        Raises ``KeyUnknownError`` or ``KeyRevokedError``.
        """
        record = self._records.get(origin, {}).get(key_id)
        if record is None:
            msg = f"the answer is signed by a key that is none of {origin}'s"
            raise KeyUnknownError(msg, component="keyid")
        record.require_current(Usage.RESPONSE, now=now)
        return record.key

    def __repr__(self) -> str:
        """The origins."""
        return f"ServerKeys({', '.join(self._records)})"


class VerifiedAnswer(NamedTuple):
    """What a signed answer proves, besides itself."""

    key_id: str
    created: int
    """When the server signed it, in seconds since the epoch, by its own clock."""
    refusal: DelegateError | None
    """The refusal that the answer is, if it is one of this library's; it is given, not raised."""

    @property
    def may_be_repeated(self) -> bool:
        """Whether the answer proves that nothing was done, and that another try may succeed."""
        return self.refusal is not None and self.refusal.retryable and self.refusal.executed == "no"


def require_signable(origin: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse an answer whose body need not be read to know that it is not signed: an event stream.

    Raises ``ResponseUnboundError``.
    """
    if is_event_stream(headers):
        msg = f"{origin} answers with an event stream, which is never signed, and its answers must be"
        raise ResponseUnboundError(msg, component="content-type", limit=origin)


def verify_answer(
    keys: ServerKeys,
    request: SignedRequest,
    origin: str,
    *,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    now: int,
) -> VerifiedAnswer:
    """What the answer to ``request`` proves; ``body`` is the bytes as received.

    Raises ``ResponseUnboundError``, whose ``__cause__`` is the ``DelegateError`` of what was wrong.
    """
    lines = list(headers)
    try:
        signed = verify_response(
            binding_sent(request),
            status=status,
            headers=lines,
            body=body,
            key_for=lambda key_id: keys.key(origin, key_id, now=now),
        )
    except DelegateError as error:
        refuse_answer(origin, error)
    return VerifiedAnswer(signed.key_id, signed.created, _refusal(request, lines, body))


def refuse_answer(origin: str, error: DelegateError) -> NoReturn:
    """Raise ``ResponseUnboundError`` because of ``error``."""
    msg = f"the answer is not one that {origin} signed for this request ({error.code}: {error})"
    raise ResponseUnboundError(msg, component=error.component, limit=error.limit) from error


def _refusal(
    request: SignedRequest, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> DelegateError | None:
    """The refusal in a verified answer, if its body is one of this library's problem documents."""
    if not any(name.lower() == b"content-type" and value == _PROBLEM for name, value in headers):
        return None
    members = _members(body)
    code = members.get("code")
    kind = BY_CODE.get(code) if isinstance(code, str) else None
    if kind is None or members.get("type") != PROBLEM_TYPE_PREFIX + kind.code:
        return None
    detail, component = members.get("detail"), members.get("component")
    refusal = kind(
        detail if isinstance(detail, str) else "", component=component if isinstance(component, str) else None
    )
    request_id = hashlib.sha256(request.canonical_bytes).hexdigest()
    of_this_request = members.get("request_id") == request_id
    refusal.executed = "no" if members.get("executed") == "no" and of_this_request else "unknown"
    return refusal


def _members(body: bytes) -> dict[str, JsonValue]:
    try:
        document = parse_strict(body)
    except DelegateError:
        return {}
    return document if isinstance(document, dict) else {}


def _origin(origin: str) -> str:
    try:
        return require_origin(origin, "server_keys")
    except DelegateError as error:
        raise ConfigurationError(str(error), field="server_keys") from None


def _record(origin: str, key: object) -> KeyRecord:
    if isinstance(key, PublicKey):
        return KeyRecord(key=key, usages=frozenset({Usage.RESPONSE}), not_before=0)
    if not isinstance(key, KeyRecord) or key.usages != {Usage.RESPONSE}:
        _refuse(origin, "takes keys whose one usage is response")
    return key


def _refuse(origin: str, form: str) -> NoReturn:
    msg = f"server_keys: {origin} {form}"
    raise ConfigurationError(msg, field="server_keys")
