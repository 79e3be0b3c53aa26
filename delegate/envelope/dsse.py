"""The envelope of a message: what is signed where there is no HTTP request (MCP over stdio, queues).

A DSSE envelope of the type ``application/vnd.delegate.message+json`` over ``{v, aud, method, params_sha256,
created, expires, nonce, keyid, alg, agent, delegation}`` (design section 7, Not HTTP). It says what the RFC
9421 signature of a request says: ``aud`` stands for the authority, ``params_sha256`` for the body, ``agent``
is the value of ``Agent-Identity`` and ``delegation`` the token, left out where there is none. Only the signed
``keyid`` counts; the envelope's own must repeat it, so that one signed message is one text.

``decode`` and ``read`` are steps 2 and 3 of verification, ``sign_message`` is the signer's half.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.canonical import SignedValue, canonicalize_signed, parse_signed
from delegate.dsse import DsseEnvelope, pae, payload_type
from delegate.encoding import b64url_encode
from delegate.envelope.components import ALGORITHM_NAMES, Parameters, typed_parameters
from delegate.envelope.message import Envelope
from delegate.errors import (
    ComponentMissingError,
    ComponentUnsupportedError,
    ConfigurationError,
    DelegateError,
    DelegationMalformedError,
    MalformedError,
    MethodRejectedError,
    ParamMalformedError,
    ParamMissingError,
    SignatureMalformedError,
    SignatureMissingError,
    TimestampUnitError,
    UnsupportedVersionError,
)
from delegate.keys import Purpose
from delegate.limits import MESSAGE_MAX_BYTES, NONCE_BYTES, TIMESTAMP_MAX, WINDOW_DEFAULT, WINDOW_MAX
from delegate.names import require_message_audience, require_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delegate.identity import Identity
    from delegate.keys import Signer

__all__ = [
    "MessageMembers",
    "SignedMessage",
    "decode",
    "message_target",
    "read",
    "require_method",
    "sign_message",
]

TYPE: Final = payload_type("message")
_FORMAT: Final = 1
_SIGNATURE_BYTES: Final = 64
_TIMES: Final = ("created", "expires")
_PARAMETERS: Final = (*_TIMES, "nonce", "keyid", "alg")
_COMPONENTS: Final = ("aud", "method", "params_sha256", "agent")
_KNOWN: Final = frozenset({"v", *_PARAMETERS, *_COMPONENTS, "delegation"})


class MessageMembers(NamedTuple):
    """What one envelope states; nobody has verified it yet."""

    parameters: Parameters
    audience: str
    method: str
    params_sha256: str
    agent: str
    delegation: str | None

    def __repr__(self) -> str:
        """What is asked of whom; neither nonce nor token."""
        return f"<MessageMembers {self.method!r} for {self.audience!r}>"


class SignedMessage(NamedTuple):
    """What signing a message made."""

    text: str
    """The envelope as it travels: ASCII, canonical JSON."""
    envelope: Envelope

    def __repr__(self) -> str:
        """Who signed what; not the text, which holds token, nonce and signature."""
        return f"<SignedMessage of {self.envelope.identity.agent!r}: {self.envelope.method}>"


def decode(data: bytes | None) -> DsseEnvelope:
    """Step 2: the one signature, and the bytes that it is over.

    Raises ``SignatureMissingError``, ``SignatureMalformedError`` or, for what is no DSSE envelope of a
    message, ``MalformedError``, ``NonCanonicalError`` or ``TooLargeError``.
    """
    if data is None:
        msg = "the message has no envelope"
        raise SignatureMissingError(msg, component="envelope")
    envelope = DsseEnvelope.decode(data, payload_type=TYPE, max_bytes=MESSAGE_MAX_BYTES)
    if len(envelope.signature) != _SIGNATURE_BYTES:
        msg = f"the signature is {len(envelope.signature)} bytes, not {_SIGNATURE_BYTES}"
        raise SignatureMalformedError(msg, component="signature", limit=_SIGNATURE_BYTES)
    return envelope


def read(envelope: DsseEnvelope) -> MessageMembers:
    """Step 3: the members that are signed, strictly.

    Raises ``MalformedError`` or ``NonCanonicalError`` for another encoding, ``UnsupportedVersionError``,
    ``ComponentUnsupportedError`` for an unknown member, ``ComponentMissingError``, ``ParamMissingError``,
    ``ParamMalformedError``, ``TimestampUnitError``, ``AlgNotAllowedError``, ``NonceMalformedError`` and
    ``DelegationMalformedError``. ``component`` names the member.
    """
    members = parse_signed(envelope.payload, max_bytes=MESSAGE_MAX_BYTES)
    _require_members(members)
    audience, method, digest, agent = (_text(members, name, MalformedError) for name in _COMPONENTS)
    created, expires = (_seconds(members, name) for name in _TIMES)
    nonce, keyid, alg = (_text(members, name, ParamMalformedError) for name in ("nonce", "keyid", "alg"))
    parameters = typed_parameters(created, expires, nonce, keyid, alg)
    if envelope.keyid != keyid:
        msg = "the keyid beside the signature is not the one that is signed"
        raise ParamMalformedError(msg, component="keyid")
    token = _text(members, "delegation", DelegationMalformedError) if "delegation" in members else None
    return MessageMembers(parameters, audience, method, digest, agent, token)


def require_method(method: str) -> str:
    """The method of a message has the form of a name; ``MethodRejectedError`` otherwise."""
    try:
        return require_name(method, "method")
    except MalformedError as error:
        raise MethodRejectedError(str(error), component="method", limit=error.limit) from None


def message_target(audience: str, method: str) -> dict[str, bytes]:
    """What a message is for, under the names that a request's target has; it has no path and no query."""
    return {"@method": method.encode(), "@authority": audience.encode(), "@path": b"", "@query": b""}


def sign_message(
    signer: Signer,
    *,
    audience: str,
    method: str,
    params: bytes,
    identity: Identity,
    token: str | None,
    now: int,
    lifetime: int = WINDOW_DEFAULT,
) -> SignedMessage:
    """Sign one message; ``params`` are its canonical parameters, ``lifetime`` is in seconds.

    What a verifier would refuse is refused here. Raises ``MalformedError`` for an audience that is none of
    messages, ``MethodRejectedError``, ``ConfigurationError`` for the lifetime, and what the signer raises.
    """
    if type(lifetime) is not int or not 0 < lifetime <= WINDOW_MAX:
        msg = f"lifetime must be from 1 to {WINDOW_MAX} seconds, not {lifetime!r}"
        raise ConfigurationError(msg, field="lifetime", limit=WINDOW_MAX)
    target = message_target(require_message_audience(audience, "aud"), require_method(method))
    key = signer.public_key
    digest, nonce = hashlib.sha256(params).digest(), os.urandom(NONCE_BYTES)
    parameters = Parameters(now, now + lifetime, nonce, key.key_id, ALGORITHM_NAMES[key.alg])
    members: dict[str, SignedValue] = {
        "v": _FORMAT,
        "aud": audience,
        "method": method,
        "params_sha256": b64url_encode(digest),
        "created": parameters.created,
        "expires": parameters.expires,
        "nonce": b64url_encode(nonce),
        "keyid": parameters.keyid,
        "alg": parameters.alg,
        "agent": identity.to_header(),
    }
    payload = canonicalize_signed(members if token is None else members | {"delegation": token})
    signing_input = pae(TYPE, payload)
    signed = DsseEnvelope(
        payload_type=TYPE,
        payload=payload,
        keyid=key.key_id,
        signature=signer.sign(Purpose.MESSAGE, signing_input),
    )
    envelope = Envelope(
        target=target,
        parameters=parameters,
        identity=identity,
        body_sha256=digest,
        delegation=token,
        canonical_bytes=signing_input,
    )
    return SignedMessage(signed.to_bytes().decode("ascii"), envelope)


def _require_members(members: Mapping[str, SignedValue]) -> None:
    if (stated := members.get("v")) != _FORMAT or type(stated) is not int:
        error = UnsupportedVersionError if type(stated) is int else MalformedError
        msg = f"v must be {_FORMAT}, the format of messages that this release reads"
        raise error(msg, component="v", limit=_FORMAT)
    if unknown := members.keys() - _KNOWN:
        msg = f"member {min(unknown)[:32]!r} is not one of a message's envelope"
        raise ComponentUnsupportedError(msg, component=min(unknown)[:32])
    for names, missing in ((_COMPONENTS, ComponentMissingError), (_PARAMETERS, ParamMissingError)):
        for name in names:
            if name not in members:
                msg = f"the envelope does not state {name!r}"
                raise missing(msg, component=name)


def _text(members: Mapping[str, SignedValue], name: str, error: type[DelegateError]) -> str:
    value = members[name]
    if type(value) is not str:
        msg = f"{name} must be a string, not {type(value).__name__}"
        raise error(msg, component=name)
    return value


def _seconds(members: Mapping[str, SignedValue], name: str) -> int:
    value = members[name]
    if type(value) is not int or value < 0:
        msg = f"{name} must be a whole number of seconds"
        raise ParamMalformedError(msg, component=name)
    if value > TIMESTAMP_MAX:
        msg = f"{name} is not in seconds: more than 11 digits"
        raise TimestampUnitError(msg, component=name, limit=TIMESTAMP_MAX)
    return value
