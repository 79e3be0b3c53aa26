"""Names under which governance stands: who, by which token, for which request, when; not secrets.

An agent's id may look like an e-mail address, a timestamp like a card number and a digest like a key. So
under these names guesses count for nothing, as long as no blank makes a sentence of the value. What is
certain counts: a value this process knows to be secret, or that has a vendor's own form, is masked wherever
it stands. A name is compared without its case and without what separates its words, so ``requestId``,
``request_id`` and ``X-Request-ID`` are one.
"""

from __future__ import annotations

from typing import Final

__all__ = ["GOVERNANCE", "plain_name"]

_SEPARATORS: Final = str.maketrans("", "", "_-. ")


def plain_name(name: str) -> str:
    """``name`` in lower case without separators, and without the ``x-`` of old header names."""
    return name.lower().removeprefix("x-").translate(_SEPARATORS)


_NAMES: Final = """
    agent agent_id agent_identity issuer iss sub aud delegator delegatee runtime runtime_id run run_id
    workload tenant tenant_id token_id request_id chain_id block_id approval_id decision_id action_id
    policy_id receipt_id entry_id event_id trace_id span_id parent_id correlation_id message_id task_id
    job_id traceparent key_id kid thumbprint fingerprint digest digests content_digest body_digest
    delegation_digest body_sha256 sha256 sha512 sha1 prefix_hash entry_hash previous_hash root_hash
    leaf_hash checksum etag commit commit_sha timestamp timestamps time ts created created_at updated
    updated_at expires expires_at issued_at not_before not_after iat nbf exp started_at finished_at
    ended_at received_at decided_at next_update delegate_agent delegate_issuer delegate_path
    delegate_request_id delegate_chain_id delegate_key_id
"""

GOVERNANCE: Final = frozenset(map(plain_name, _NAMES.split()))
"""The names, as ``plain_name`` writes them."""
