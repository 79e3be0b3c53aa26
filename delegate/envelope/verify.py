"""Reading a signed request: the functions behind steps 1 to 5, 7 and 9 of verification (design section 8).

Each function takes what the step before it made and raises the first thing that is wrong. None of them
does I/O, reads a clock or knows about trust: ``delegate.verifier`` calls them in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.envelope.components import (
    ALGORITHMS,
    BODY_METHODS,
    COVERED_IF_PRESENT,
    PARAMETERS,
    Components,
    Parameters,
    has_tag,
    parse_components,
    parse_parameters,
    require_covered,
    typed_parameters,
)
from delegate.envelope.fields import (
    InnerList,
    decode_bytes,
    parse_byte_sequences,
    parse_signature_input,
    require_well_formed,
)
from delegate.envelope.message import Headers
from delegate.envelope.target import require_method, require_target
from delegate.errors import (
    AlgKeyMismatchError,
    ComponentMissingError,
    ConfigurationError,
    CreatedInFutureError,
    DelegateError,
    DelegationMalformedError,
    ExpiredError,
    HeaderDuplicateError,
    HeaderNotCoveredError,
    HeaderTooLargeError,
    MethodRejectedError,
    ParamMalformedError,
    SignatureAmbiguousError,
    SignatureMissingError,
    WindowTooLongError,
)
from delegate.limits import (
    SIGNATURE_INPUT_MAX_BYTES,
    SIGNATURE_MAX_BYTES,
    SKEW_DEFAULT,
    SKEW_MAX,
    WINDOW_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "METHOD_OVERRIDES",
    "EnvelopeRules",
    "SignedMember",
    "pick_signature",
    "read_delegation",
    "read_target",
    "require_algorithm",
    "require_coverage",
    "require_window",
    "signed_digest",
]

_SIGNATURE_BYTES: Final = 64
METHOD_OVERRIDES: Final = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
"""Headers by which some frameworks let a request run as another method than its own."""

_TOKEN_START: Final = b't="'
_SOLE_MEMBER: Final = re.compile(rf"([a-z*][a-z0-9_\-.*]*+)=(\([^()\\]*+\)){PARAMETERS}")
"""Our member alone, as nearly every request carries it, with nothing wrong with its parameters."""

_SOLE_SIGNATURE: Final = re.compile(r"([a-z*][a-z0-9_\-.*]*+)=:([A-Za-z0-9+/=]*+):")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeRules:
    """What one server demands of envelopes, beyond the profile."""

    skew: int = SKEW_DEFAULT
    window_max: int = WINDOW_MAX
    must_cover: frozenset[str] = frozenset()
    """Further components that every signature must cover."""
    proxy_adds: frozenset[str] = frozenset()
    """Headers that a mesh injects after signing: tolerated uncovered, and hidden from the handler."""

    def __post_init__(self) -> None:
        """Refuse settings that would open what they are meant to bound."""
        for name, value, low, high in (
            ("skew", self.skew, 0, SKEW_MAX),
            ("window_max", self.window_max, 1, WINDOW_MAX),
        ):
            if type(value) is not int or not low <= value <= high:
                msg = f"{name} must be a whole number of seconds from {low} to {high}, not {value!r}"
                raise ConfigurationError(msg, field=name, limit=high)
        for name in self.must_cover | self.proxy_adds:
            if name != name.lower():
                msg = f"header name {name!r} must be written in lower case"
                raise ConfigurationError(msg, field="must_cover")


class SignedMember(NamedTuple):
    """Our member of ``Signature-Input`` and of ``Signature``: what is covered, how, and the signature."""

    label: str
    text: str
    """The member without its label: the value of ``@signature-params``."""
    components: Components
    parameters: Parameters
    signature: bytes


def pick_signature(headers: Mapping[str, bytes]) -> SignedMember:
    """Step 2: find the one signature with our tag, and read it strictly.

    Raises ``SignatureMissingError``, ``SignatureAmbiguousError``, ``SignatureInputMalformedError``,
    ``SignatureMalformedError``, ``HeaderTooLargeError`` and what reading components and parameters raises.
    """
    if "signature-input" not in headers or "signature" not in headers:
        msg = "the request has no Signature-Input and Signature header"
        raise SignatureMissingError(msg, component="signature-input")
    inputs = headers["signature-input"].decode("latin-1").strip(" ")
    signatures = headers["signature"].decode("latin-1").strip(" ")
    sole = _SOLE_MEMBER.fullmatch(inputs)
    if sole is None or None in (values := sole.groups()):
        return _pick_among(inputs, signatures)
    label, items, *parameters = values
    text = inputs[len(label) + 1 :]
    signature = _signature(label, text, signatures)
    return SignedMember(label, text, parse_components(items), typed_parameters(*parameters), signature)


def _pick_among(inputs: str, signatures: str) -> SignedMember:
    """The general way: members of other signers, or a member of ours that has something wrong with it."""
    label, member = _ours(parse_signature_input(inputs))
    text = "".join(member)
    signature = _signature(label, text, signatures)
    try:
        components, parameters = parse_components(member[0]), parse_parameters(member[1])
    except DelegateError:
        require_well_formed(member)  # what is not even a structured field is refused as that
        raise
    return SignedMember(label, text, components, parameters, signature)


def _ours(members: Mapping[str, InnerList]) -> tuple[str, InnerList]:
    """The one member with our tag; those of others must be well-formed and are otherwise unused."""
    ours = None
    for label, member in members.items():
        if not has_tag(member[1]):
            require_well_formed(member)
        elif ours is None:
            ours = (label, member)
        else:
            msg = "two signatures carry this profile's tag; there must be one"
            raise SignatureAmbiguousError(msg, component="signature-input")
    if ours is None:
        msg = "no signature carries this profile's tag"
        raise SignatureMissingError(msg, component="signature-input")
    return ours


def _signature(label: str, text: str, signatures: str) -> bytes:
    """The 64 bytes under ``label``, once both members of ours are known to be within their sizes."""
    sole = _SOLE_SIGNATURE.fullmatch(signatures)
    if sole is not None and sole[1] == label:
        encoded: str | None = sole[2]
    else:
        encoded = parse_byte_sequences(signatures, "signature").get(label)
    if encoded is None:
        msg = f"Signature has no member {label[:32]!r}, which Signature-Input describes"
        raise SignatureMissingError(msg, component="signature")
    _require_size("signature-input", len(label) + 1 + len(text), SIGNATURE_INPUT_MAX_BYTES)
    _require_size("signature", len(label) + 3 + len(encoded), SIGNATURE_MAX_BYTES)
    return decode_bytes(encoded, _SIGNATURE_BYTES, "signature")


def _require_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        msg = f"our member of {name} is {size} bytes, the limit is {limit}"
        raise HeaderTooLargeError(msg, component=name, limit=limit)


def require_coverage(
    member: SignedMember, method: str, headers: Headers, rules: EnvelopeRules
) -> frozenset[str]:
    """Step 3: nothing that changes the request's meaning may be present and unsigned.

    Returns the names of present headers that ``rules.proxy_adds`` tolerates uncovered: the handler must
    not see them. Raises ``ComponentMissingError``, ``HeaderNotCoveredError``, ``HeaderDuplicateError`` or
    ``MethodRejectedError``.
    """
    covered = member.components.as_set
    if rules.must_cover:
        require_covered(rules.must_cover, covered)
    if method in BODY_METHODS and "content-digest" not in covered:
        msg = f"a {method} must cover 'content-digest', even with an empty body"
        raise ComponentMissingError(msg, component="content-digest")
    if repeated := headers.repeated and headers.repeated & covered:
        msg = f"header {min(repeated)!r} is covered and came more than once"
        raise HeaderDuplicateError(msg, component=min(repeated))
    present = headers.values.keys()
    if overrides := METHOD_OVERRIDES & present:
        msg = f"header {min(overrides)!r} tries to override the method"
        raise MethodRejectedError(msg, component=min(overrides))
    uncovered = (COVERED_IF_PRESENT & present) - covered
    if unsigned := uncovered - rules.proxy_adds:
        msg = f"header {min(unsigned)!r} is present and not signed"
        raise HeaderNotCoveredError(msg, component=min(unsigned))
    return (rules.proxy_adds & present) - covered if rules.proxy_adds else uncovered


def require_window(parameters: Parameters, now: int, rules: EnvelopeRules) -> None:
    """Steps 4 and 10: ``created - skew <= now < expires`` and ``0 < expires - created <= window_max``.

    No skew is granted on expiry: a nonce record must outlive every instant at which it could be accepted.
    """
    created, expires = parameters.created, parameters.expires
    if expires <= created:
        msg = "expires is not after created"
        raise ParamMalformedError(msg, component="expires")
    if expires - created > rules.window_max:
        msg = f"the signature claims {expires - created} s, the limit is {rules.window_max} s"
        raise WindowTooLongError(msg, component="expires", limit=rules.window_max)
    if created - rules.skew > now:
        msg = f"created lies {created - now} s ahead of this server's clock, the limit is {rules.skew} s"
        raise CreatedInFutureError(msg, component="created", limit=rules.skew)
    if now >= expires:
        msg = f"the signature expired {now - expires} s ago"
        raise ExpiredError(msg, component="expires", limit=expires)


def read_target(method: str, path: bytes, query: bytes, authority: str) -> dict[str, bytes]:
    """Step 5: the values of the four derived components, checked and never normalized.

    ``authority`` is that of the origin which the request's ``Host`` selected.
    """
    require_method(method)
    require_target(path, query)
    return {
        "@method": method.encode(),
        "@authority": authority.encode(),
        "@path": path,
        "@query": b"?" + query,
    }


def read_delegation(value: bytes) -> str:
    """The token's text out of the ``Delegation`` header: a dictionary whose only member is ``t``."""
    if not value.startswith(_TOKEN_START) or value.find(b'"', len(_TOKEN_START)) != len(value) - 1:
        msg = 'the Delegation header is not of the form t="dlg1...."'
        raise DelegationMalformedError(msg, component="delegation")
    return value[len(_TOKEN_START) : -1].decode("latin-1")


def signed_digest(member: SignedMember, headers: Mapping[str, bytes]) -> str | None:
    """The ``Content-Digest`` value that the signature covers; ``None`` where it covers none."""
    if "content-digest" not in member.components.as_set:
        return None
    return headers["content-digest"].decode("latin-1")


def require_algorithm(alg: str, key_alg: str) -> None:
    """The algorithm is a property of the key's record, never of the message (design rule 5)."""
    if ALGORITHMS[alg] != key_alg:
        msg = f"the message names {alg!r}, the key is {key_alg!r}"
        raise AlgKeyMismatchError(msg, component="alg", limit=key_alg)
