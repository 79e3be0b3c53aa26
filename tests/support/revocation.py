"""A key that revokes, a trust store that demands lists, and lists of any contents, correctly signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from delegate import dsse
from delegate.canonical import canonicalize
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope
from delegate.errors import DelegateError
from delegate.keys import KeyRecord, Purpose, SigningKey, TrustStore, Usage
from delegate.revocation import MemoryVersions, RevocationList, Revocations
from tests.support.forge import NOW
from tests.support.wire import issuing_record, trust_store

REVOKER: Final = SigningKey.from_seed(b"\x77" * 32)
LIST_TYPE: Final = dsse.payload_type("revocation-list")


def revoking_record(key: SigningKey = REVOKER, **changes: Any) -> KeyRecord:
    """A record that lets ``key`` revoke."""
    settings: dict[str, Any] = {"usages": frozenset({Usage.REVOKE}), "not_before": 0}
    return KeyRecord(key=key.public_key, **(settings | changes))


def demanding(record: KeyRecord | None = None, **changes: Any) -> TrustStore:
    """Trusts ``acme`` to issue and, with ``REVOKER``, to revoke; its chains need a list."""
    keys = (issuing_record(), record or revoking_record())
    return trust_store(**({"revocation": "required", "keys": keys} | changes))


def signed_list(version: int = 1, *, at: int = NOW, key: SigningKey = REVOKER, **changes: Any) -> bytes:
    """A list of ``acme``, issued at ``at``."""
    settings: dict[str, Any] = {"issuer": "acme", "version": version, "clock": ManualClock(at)}
    return RevocationList.sign(key, **(settings | changes))


def list_members(**changes: Any) -> dict[str, Any]:
    """The members of a good list; a change to ``None`` leaves the member out."""
    members: dict[str, Any] = {
        "v": 1,
        "iss": "acme",
        "kid": REVOKER.key_id,
        "version": 1,
        "issued_at": NOW,
        "next_update": NOW + 300,
        "tokens": [],
        "keys": [],
    }
    return {name: value for name, value in (members | changes).items() if value is not None}


def forged_list(payload: bytes | None = None, *, key: SigningKey = REVOKER, **changes: Any) -> bytes:
    """Any payload, or any members, correctly signed by ``key``."""
    payload = canonicalize(list_members(**changes)) if payload is None else payload
    signature = key.sign(Purpose.REVOCATION, dsse.pae(LIST_TYPE, payload))
    return DsseEnvelope(
        payload_type=LIST_TYPE, payload=payload, keyid=key.key_id, signature=signature
    ).to_bytes()


def revocations(trust: TrustStore | None = None, *, at: int = NOW, **settings: Any) -> Revocations:
    """Lists in force for ``trust``, none of them yet."""
    defaults: dict[str, Any] = {"versions": MemoryVersions(), "clock": ManualClock(at)}
    return Revocations(trust or demanding(), **(defaults | settings))


def refused(call: Callable[[], object]) -> DelegateError:
    """How ``call`` is refused."""
    with pytest.raises(DelegateError) as caught:
        call()
    return caught.value


def publish(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of the file in one step, as ``delegate revoke`` does."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(data)
    beside.replace(path)
