"""Every way this library says no: one closed set of codes, one class for each.

    DelegateError
    ├── ConfigurationError (also a ValueError)   a mistake in the set-up, found before any request
    ├── BytesError                               bytes that are not what they claim to be
    ├── RequestError                             the envelope of one request, message or response
    ├── TrustError                               keys, and what they may be used for
    ├── DelegationError                          the chain of delegation blocks
    ├── AuthorityError                           a valid chain that does not permit the action
    └── MaskingError                             a value that must not leave the process

The rule: one cause, one code, one name, everywhere. A class is named CamelCase(code) + "Error";
its class attributes are the row of the public table (code, HTTP status, executed, retryable, fix),
and ``BY_CODE`` is that table. Messages never hold a key, token, signature or nonce.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, Literal, Protocol, TypeAlias

Executed: TypeAlias = Literal["no", "yes", "unknown"]
"""Whether the refused request took effect. What is not known is called unknown (design rule 10)."""


class DelegateError(Exception):
    """The root of everything this library raises on purpose.

    ``str(error)`` says what was refused, the limit, and what to do. The refused data stand beside it
    as attributes, each ``None`` where it does not apply:

    - ``block``: index of the delegation block, 0 for the issuer's, -1 for the issuer's ceiling;
    - ``field``: name of the refused field, a dotted or JSON path where it is nested;
    - ``component``: the RFC 9421 component identifier or signature parameter;
    - ``limit``: the bound that was passed, or the value that was expected;
    - ``step``: the step of verification (1 to 11) that refused, set by the verifier;
    - ``proved``: whether all signatures had verified by then, so that the sender may be told ``code``.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 401
    retryable: ClassVar[bool] = False
    """A freshly signed copy of the same request may succeed later, with nothing else changed."""
    fix: ClassVar[str] = ""
    executed: Executed = "no"
    step: int | None = None
    proved: bool = False

    def __init__(
        self,
        message: str = "",
        *,
        block: int | None = None,
        field: str | None = None,
        component: str | None = None,
        limit: object = None,
    ) -> None:
        """Keep ``message`` (the class's fix when empty) and the refused data."""
        super().__init__(message or self.fix)
        self.block = block
        self.field = field
        self.component = component
        self.limit = limit


class ConfigurationError(DelegateError, ValueError):
    """The set-up is wrong; raised where it is made, never while a request is served."""

    code = "configuration"
    status = 503
    fix = "correct the named setting"


# --- bytes -----------------------------------------------------------------------------------------


class BytesError(DelegateError):
    """Bytes that are not what they claim to be."""


class MalformedError(BytesError):
    """The bytes do not follow the grammar of their format."""

    code = "malformed"
    fix = "send what the format's specification describes"


class NonCanonicalError(BytesError):
    """The bytes say a value in another way than the one encoding it has."""

    code = "non_canonical"
    fix = "encode the value with RFC 8785 and sets in ascending order"


class TooLargeError(BytesError):
    """The bytes are over a size, depth or count limit."""

    code = "too_large"
    status = 413
    fix = "send less: delegate fewer tools, patterns or hops"


class UnsupportedVersionError(BytesError):
    """The bytes name a format version that this release does not read."""

    code = "unsupported_version"
    fix = "use version 1, or upgrade the side that reads"


# --- request ---------------------------------------------------------------------------------------


class RequestError(DelegateError):
    """The envelope of one request or response."""


class SignatureMissingError(RequestError):
    """No signature with the tag of this profile."""

    code = "signature_missing"
    fix = "sign the request with a delegate signing transport"


class SignatureAmbiguousError(RequestError):
    """More than one signature carries the tag of this profile."""

    code = "signature_ambiguous"
    fix = "sign each request once"


class SignatureInputMalformedError(RequestError):
    """``Signature-Input`` is not a structured-field dictionary of inner lists."""

    code = "signature_input_malformed"
    fix = "send Signature-Input as RFC 9421 section 4.1 writes it"


class SignatureMalformedError(RequestError):
    """``Signature`` is not a dictionary of byte sequences, or ours is not 64 bytes."""

    code = "signature_malformed"
    fix = "send Signature as RFC 9421 section 4.2 writes it"


class SignatureInvalidError(RequestError):
    """The signature does not verify over the message that arrived."""

    code = "signature_invalid"
    fix = "check what a proxy changes between signer and server: delegate doctor URL"


class HeaderDuplicateError(RequestError):
    """A header that must be one line came more than once."""

    code = "header_duplicate"
    fix = "send this header once"


class HeaderTooLargeError(RequestError):
    """A header of this profile is over its size limit."""

    code = "header_too_large"
    status = 431
    fix = "use a shorter chain or a narrower scope"


class ComponentMissingError(RequestError):
    """The signature does not cover a component that it must cover, or that is covered is absent."""

    code = "component_missing"
    fix = "cover every component the profile requires"


class ComponentDuplicateError(RequestError):
    """The signature covers one component twice."""

    code = "component_duplicate"
    fix = "list each component once"


class ComponentUnsupportedError(RequestError):
    """The signature covers a component, or uses a component parameter, outside the profile."""

    code = "component_unsupported"
    fix = "cover plain header fields and the four target components only"


class HeaderNotCoveredError(RequestError):
    """A header that changes the meaning of the request is present and not signed."""

    code = "header_not_covered"
    fix = "cover the header, or name it in proxy_adds= if a proxy adds it"


class ParamMissingError(RequestError):
    """One of the six signature parameters is absent."""

    code = "param_missing"
    fix = "send created, expires, nonce, keyid, alg and tag"


class ParamMalformedError(RequestError):
    """A signature parameter has the wrong type, form or order, or is unknown."""

    code = "param_malformed"
    fix = "send created, expires, nonce, keyid, alg and tag in the types of the profile"


class CreatedInFutureError(RequestError):
    """``created`` lies beyond the server's clock plus the permitted skew."""

    code = "created_in_future"
    retryable = True
    fix = "synchronize the clocks of signer and server"


class ExpiredError(RequestError):
    """The envelope's time window has ended."""

    code = "expired"
    retryable = True
    fix = "sign the request again"


class WindowTooLongError(RequestError):
    """The envelope claims to be good for longer than the server permits."""

    code = "window_too_long"
    fix = "sign with a shorter lifetime"


class TimestampUnitError(RequestError):
    """A timestamp is in milliseconds or another finer unit."""

    code = "timestamp_unit"
    fix = "send whole seconds since 1970-01-01T00:00:00Z"


class NonceMalformedError(RequestError):
    """The nonce is not 16 bytes in canonical base64url."""

    code = "nonce_malformed"
    fix = "send 16 random bytes as 22 base64url characters"


class NonceReplayedError(RequestError):
    """The key and nonce were accepted before: the earlier request may have taken effect."""

    code = "nonce_replayed"
    executed = "unknown"
    fix = "sign every attempt afresh; keep its Idempotency-Key"


class ReplayCapacityError(RequestError):
    """The quota of live nonces is full, and no unexpired nonce is ever evicted."""

    code = "replay_capacity"
    status = 503
    retryable = True
    fix = "slow down, or raise the store's quota"


class ReplayStoreUnavailableError(RequestError):
    """The replay store did not answer in time, or answered with an error."""

    code = "replay_store_unavailable"
    status = 503
    retryable = True
    fix = "restore the replay store, then sign again"


class ReplayUnknownError(RequestError):
    """The store may have forgotten nonces of this request's time."""

    code = "replay_unknown"
    status = 503
    retryable = True
    fix = "sign again in a few seconds"


class DigestMalformedError(RequestError):
    """``Content-Digest`` is not a dictionary of byte sequences of the right length."""

    code = "digest_malformed"
    fix = "send Content-Digest: sha-256=:<44 base64 characters>: (RFC 9530)"


class DigestUnsupportedError(RequestError):
    """``Content-Digest`` has no sha-256 member."""

    code = "digest_unsupported"
    fix = "send a sha-256 digest"


class DigestMismatchError(RequestError):
    """The body that arrived is not the body that was signed."""

    code = "digest_mismatch"
    fix = "send the bytes that were signed, in the content encoding that was signed"


class BodyTooLargeError(RequestError):
    """The body is over the server's cap."""

    code = "body_too_large"
    status = 413
    fix = "send a smaller body"


class BodyUnexpectedError(RequestError):
    """A body came with a request that was signed without one."""

    code = "body_unexpected"
    fix = "sign the body, or send none"


class BodyTruncatedError(RequestError):
    """The client left, or stalled past the deadline, before the body was complete."""

    code = "body_truncated"
    retryable = True
    fix = "send the whole body in time"


class TargetRejectedError(RequestError):
    """The path or query is in a form that two parties could read differently."""

    code = "target_rejected"
    fix = "send a path without empty, '.' or '..' segments, encoded slashes or escapes that are not UTF-8"


class AuthorityRejectedError(RequestError):
    """The request's authority, or the message's audience, is none of the server's."""

    code = "authority_rejected"
    status = 421
    fix = "address a configured origin or audience; behind a proxy set public_origin="


class MethodRejectedError(RequestError):
    """The method is not of its form, another than was signed, or overridden by a header."""

    code = "method_rejected"
    fix = "send the method itself, as it was signed; an HTTP method in upper case"


class ResponseUnboundError(RequestError):
    """The answer is not signed for the request that was sent."""

    code = "response_unbound"
    executed = "unknown"
    fix = "have the server sign its answers, and trust its key for this origin"


class RedirectRefusedError(RequestError):
    """A signed request was answered with a redirect, which is not followed."""

    code = "redirect_refused"
    executed = "unknown"
    fix = "call the final address; follow_same_origin=True re-signs a 307 or 308 to the same origin"


class UnavailableError(RequestError):
    """What a stranger is told when something the server needs is down."""

    code = "unavailable"
    status = 503
    retryable = True
    fix = "try again later"


# --- keys ------------------------------------------------------------------------------------------


class TrustError(DelegateError):
    """A key, and what it may be used for."""


class KeyUnknownError(TrustError):
    """No key record has this key id."""

    code = "key_unknown"
    fix = "add the key to the trust store"


class KeyWeakError(TrustError):
    """The key is small-order, non-canonical, off its curve, or a published test key."""

    code = "key_weak"
    fix = "generate a new key: delegate keygen"


class KeyRevokedError(TrustError):
    """The key is retired, repudiated or outside its validity."""

    code = "key_revoked"
    fix = "use the issuer's current key"


class KeyPurposeError(TrustError):
    """The key is trusted for something else."""

    code = "key_purpose"
    fix = "use a key whose record has this usage"


class KeyUnavailableError(TrustError):
    """The key's file, token or service did not give the key or the signature."""

    code = "key_unavailable"
    status = 503
    retryable = True
    fix = "check the key's file, mode and passphrase, or the service that holds it"


class AlgNotAllowedError(TrustError):
    """The algorithm is not one that this library uses."""

    code = "alg_not_allowed"
    fix = "use ed25519 or p256"


class AlgKeyMismatchError(TrustError):
    """The message names another algorithm than the key's record."""

    code = "alg_key_mismatch"
    fix = "name the algorithm of the key"


# --- delegation ------------------------------------------------------------------------------------


class DelegationError(DelegateError):
    """The chain of delegation blocks."""


class DelegationMissingError(DelegationError):
    """No delegation is current (client), or the request carries none (server)."""

    code = "delegation_missing"
    fix = "enter delegate.with_delegation(...) around the call"


class DelegationMalformedError(DelegationError):
    """The token does not follow the grammar of dlg1."""

    code = "delegation_malformed"
    fix = "send the token exactly as it was minted"


class DelegationSignatureInvalidError(DelegationError):
    """A block is not signed by the key that its parent names."""

    code = "delegation_signature_invalid"
    fix = "get a fresh token from the delegator"


class UntrustedRootError(DelegationError):
    """The chain begins with an issuer or issuer key that is not in the trust store."""

    code = "untrusted_root"
    fix = "add the issuer and its key to the trust store"


class HolderMismatchError(DelegationError):
    """The request is signed by another key than the last block's."""

    code = "holder_mismatch"
    fix = "sign with the key the token was delegated to"


class IdentityMismatchError(DelegationError):
    """``Agent-Identity`` is not the agent that the last block names."""

    code = "identity_mismatch"
    fix = "send the agent id of the token's last block"


class WidenedError(DelegationError):
    """A block grants more than its parent, or a root more than the issuer's ceiling."""

    code = "widened"
    status = 403
    fix = "delegate no more than was received"


class DepthExceededError(DelegationError):
    """The chain has more hops than one of its blocks permits."""

    code = "depth_exceeded"
    status = 403
    fix = "delegate from an earlier holder, or ask its delegator for more hops"


class DelegationExpiredError(DelegationError):
    """A block of the chain has expired."""

    code = "delegation_expired"
    fix = "get a fresh token from the delegator"


class DelegationNotYetValidError(DelegationError):
    """A block of the chain was issued in the server's future."""

    code = "delegation_not_yet_valid"
    retryable = True
    fix = "synchronize the clocks of issuer and server"


class AudienceMismatchError(DelegationError):
    """The chain is not meant for this server."""

    code = "audience_mismatch"
    status = 403
    fix = "get a token whose audience lists this server"


class RevokedError(DelegationError):
    """A block, or a key of the chain, is on the issuer's revocation list."""

    code = "revoked"
    fix = "get a fresh token from the issuer"


class RevocationUnavailableError(DelegationError):
    """The issuer's revocation list is absent or too old to decide by."""

    code = "revocation_unavailable"
    status = 503
    retryable = True
    fix = "restore the list's source, or set revocation=\"none\" in the issuer's record"


# --- authority -------------------------------------------------------------------------------------


class AuthorityError(DelegateError):
    """The chain is valid and does not permit what was asked."""

    status = 403


class OutOfScopeError(AuthorityError):
    """A block's scope, or the issuer's ceiling, does not permit the action."""

    code = "out_of_scope"
    fix = "ask the delegator for a scope that permits the action"


class ResourceMalformedError(AuthorityError):
    """A requested resource value is not in canonical form."""

    code = "resource_malformed"
    fix = "name the resource without '.', '..', empty segments, escapes or control characters"


class ActionUnmappedError(AuthorityError):
    """The server names no action for what was asked."""

    code = "action_unmapped"
    fix = "name an action for the route, or mark it public"


class BudgetExhaustedError(AuthorityError):
    """The chain's budget is used up."""

    code = "budget_exhausted"
    fix = "ask the delegator for more budget"


class BudgetUnmeteredError(AuthorityError):
    """The chain states a budget that this verifier cannot meter."""

    code = "budget_unmetered"
    fix = "delegate without a budget to this server"


class ApprovalRequiredError(AuthorityError):
    """The chain demands an approval that this verifier cannot obtain."""

    code = "approval_required"
    fix = "have the action approved, or delegate without an approval rule"


# --- masking ---------------------------------------------------------------------------------------


class Found(Protocol):
    """What a masking error says of each secret: where, of what kind, how often; never the secret."""

    @property
    def pointer(self) -> str:
        """Where: a JSON Pointer (RFC 6901)."""

    @property
    def kind(self) -> str:
        """What kind of secret."""

    @property
    def detector(self) -> str:
        """By which rule it was found."""

    @property
    def count(self) -> int:
        """How often there."""

    @property
    def action(self) -> str:
        """What was done about it."""


class MaskingError(DelegateError):
    """A value that must not leave the process."""

    findings: tuple[Found, ...] = ()


class MaskingBlockedError(MaskingError):
    """A secret was found where the policy blocks; ``findings`` says where, and not what."""

    code = "masking_blocked"
    fix = "remove the secret from the value"


class MaskingLimitError(MaskingError):
    """The value is over a bound of the masker."""

    code = "masking_limit"
    fix = "mask a smaller value"


def _table() -> dict[str, type[DelegateError]]:
    """Collect the concrete classes, and hold each to its naming rule."""
    table: dict[str, type[DelegateError]] = {}
    waiting: list[type[DelegateError]] = [DelegateError]
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if not error.code:
            continue
        expected = re.sub(r"(?:^|_)([a-z])", lambda m: m[1].upper(), error.code) + "Error"
        if error.__name__ != expected or error.code in table:
            msg = f"{error.__name__} is not the one class of {error.code!r}"
            raise RuntimeError(msg)
        table[error.code] = error
    return dict(sorted(table.items()))


BY_CODE: Final = _table()
"""code -> class: the closed set. Docs, wire and command line read it; nothing else names codes."""

PROBLEM_TYPE_PREFIX: Final = "urn:delegate:problem:"
"""Before the code, the ``type`` of a refusal's problem details (RFC 9457)."""

PUBLIC_BEFORE_PROOF: Final = frozenset(
    {
        "signature_missing",
        "created_in_future",
        "expired",
        "authority_rejected",
        "target_rejected",
        "header_too_large",
        "body_too_large",
        "unavailable",
        "signature_invalid",
    }
)
"""What a stranger may learn before the signatures have verified (design section 7, Refusals)."""
