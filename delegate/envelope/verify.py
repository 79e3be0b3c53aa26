"""Reading a signed request: the functions behind steps 1 to 5 and 7 of verification (design section 8).

Each function takes what the step before it made and raises the first thing that is wrong. None of them
does I/O, reads a clock or knows about trust: ``delegate.verifier`` calls them in order.
"""

from __future__ import annotations

from binascii import a2b_base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.encoding import FROM_URL
from delegate.envelope.components import (
    ALGORITHMS,
    BODY_METHODS,
    COVERED_IF_PRESENT,
    METHOD_OVERRIDES,
    TAG,
    USUAL_CHANGES,
    Components,
    Parameters,
    has_tag,
    parse_components,
    parse_parameters,
    parse_usual,
    require_covered,
)
from delegate.envelope.fields import (
    InnerList,
    decode_bytes,
    parse_byte_sequences,
    parse_signature_input,
    read_byte_sequence,
    require_well_formed,
)
from delegate.envelope.target import require_target
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
    SignatureMalformedError,
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
    from collections.abc import Set as AbstractSet

__all__ = [
    "EnvelopeRules",
    "PickedMember",
    "SignedMember",
    "pick_signature",
    "read_delegation",
    "read_member",
    "read_target",
    "read_usual_member",
    "require_algorithm",
    "require_coverage",
    "require_no_override",
    "require_window",
]

_SIGNATURE_BYTES: Final = 64
READ_BY_VERIFIER: Final = frozenset(
    {"signature", "signature-input", "delegation", "agent-identity", "content-digest", "host"}
)
"""Headers that verification itself reads: a proxy that added one would take part in the decision."""

_TOKEN_START: Final = b't="'
_TOKEN_AT: Final = len(_TOKEN_START)


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
        for field, names in (("must_cover", self.must_cover), ("proxy_adds", self.proxy_adds)):
            for name in sorted(names):
                if name != name.lower():
                    msg = f"{field}: header name {name!r} must be written in lower case"
                    raise ConfigurationError(msg, field=field)
        if read_here := self.proxy_adds & READ_BY_VERIFIER:
            msg = f"proxy_adds: {min(read_here)!r} decides the verdict, so it must be signed or absent"
            raise ConfigurationError(msg, field="proxy_adds", limit=sorted(READ_BY_VERIFIER))


class PickedMember(NamedTuple):
    """Our member of ``Signature-Input`` as text, and of ``Signature``."""

    label: str
    items: str
    parameters: str
    signature: bytes

    def __repr__(self) -> str:
        """The label; neither nonce nor signature."""
        return f"<PickedMember {self.label!r}>"


class SignedMember(NamedTuple):
    """What one signature of ours covers, how, and the signature itself."""

    text: bytes
    """The member of ``Signature-Input`` without its label: the value of ``@signature-params``."""
    components: Components
    parameters: Parameters
    signature: bytes
    label: str

    def __repr__(self) -> str:
        """What is covered; neither nonce nor signature."""
        return f"<SignedMember over {', '.join(self.components.names)}>"


def pick_signature(headers: Mapping[str, bytes], tag: str = TAG) -> PickedMember:
    """Step 2: find the one signature with our tag.

    Raises ``SignatureMissingError``, ``SignatureAmbiguousError``, ``SignatureInputMalformedError``,
    ``SignatureMalformedError`` or ``HeaderTooLargeError``.
    """
    if "signature-input" not in headers or "signature" not in headers:
        name = "signature" if "signature-input" in headers else "signature-input"
        msg = f"the message has no {name} header"
        raise SignatureMissingError(msg, component=name)
    label, member = _ours(parse_signature_input(headers["signature-input"].decode("latin-1")), tag)
    try:
        signature = _read_signature(label, member, headers["signature"].decode("latin-1"))
    except DelegateError:
        require_well_formed(member)
        raise
    return PickedMember(label, *member, signature)


def _read_signature(label: str, member: InnerList, text: str) -> bytes:
    """The signature that ``text``, the ``Signature`` header, has for the member with this label.

    It has no parameters: nobody would have signed them, and an answer that covers this member (RFC 9421
    section 2.4) would cover them in one implementation and not in another.
    """
    found = parse_byte_sequences(text, "signature").get(label)
    if found is None:
        msg = f"Signature has no member {label[:32]!r}, which Signature-Input describes"
        raise SignatureMissingError(msg, component="signature")
    encoded, unsigned = found
    items, parameters = member
    input_size, size = len(label) + 1 + len(items) + len(parameters), len(label) + 3 + len(encoded)
    if input_size > SIGNATURE_INPUT_MAX_BYTES:
        raise _too_large(input_size, SIGNATURE_INPUT_MAX_BYTES, "signature-input")
    if size > SIGNATURE_MAX_BYTES:
        raise _too_large(size, SIGNATURE_MAX_BYTES, "signature")
    if unsigned:
        msg = "our member of Signature has parameters, which nobody signed: send the byte sequence alone"
        raise SignatureMalformedError(msg, component="signature", field=label)
    return decode_bytes(encoded, _SIGNATURE_BYTES, "signature")


def _too_large(size: int, limit: int, name: str) -> HeaderTooLargeError:
    msg = f"our member of {name} is {size} bytes, the limit is {limit}"
    return HeaderTooLargeError(msg, component=name, limit=limit)


def _ours(members: Mapping[str, InnerList], tag: str) -> tuple[str, InnerList]:
    """The one member with our tag; those of others must be well-formed and are otherwise unused."""
    ours = None
    for label, member in members.items():
        if not has_tag(member[1], tag):
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


def read_usual_member(headers: Mapping[str, bytes]) -> SignedMember | None:
    """Steps 2 and 3, first half, in one go, for the form in which nearly all requests are signed.

    ``None`` for headers that do not have it, be they sound or not: ``pick_signature`` and ``read_member``
    read any form, find the same in this one, and say what is wrong.
    """
    stated = headers.get("signature-input", b"")
    start, _, rest = stated.partition(b";")
    changes = USUAL_CHANGES.match(rest)
    if changes is None or len(stated) > SIGNATURE_INPUT_MAX_BYTES:
        return None
    created, expires, nonce = changes.groups()
    try:
        label, raw_label, components, keyid, alg = parse_usual(start, rest[changes.end() :])
        signature = read_byte_sequence(headers["signature"], raw_label, _SIGNATURE_BYTES)
    except (KeyError, ValueError, DelegateError):
        return None
    decoded = a2b_base64(nonce.translate(FROM_URL) + b"==")
    parameters = Parameters(int(created), int(expires), decoded, keyid, alg)
    return SignedMember(stated[len(label) + 1 :], components, parameters, signature, label)


def read_member(picked: PickedMember | SignedMember) -> SignedMember:
    """Step 3, first half: the components and parameters, strictly, unless they were read already.

    Raises what ``parse_components`` and ``parse_parameters`` raise, and ``SignatureInputMalformedError``
    for what is not even a structured field.
    """
    if isinstance(picked, SignedMember):
        return picked
    label, items, parameters, signature = picked
    try:
        components, typed = parse_components(items), parse_parameters(parameters)
        return SignedMember((items + parameters).encode(), components, typed, signature, label)
    except DelegateError:
        require_well_formed((items, parameters))
        raise


def require_coverage(
    member: SignedMember,
    method: str,
    headers: Mapping[str, bytes],
    repeated: AbstractSet[str],
    rules: EnvelopeRules,
) -> AbstractSet[str]:
    """Step 3, second half: nothing that changes the request's meaning may be present and unsigned.

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
    if repeated and (twice := repeated & covered):
        msg = f"header {min(twice)!r} is covered and came more than once"
        raise HeaderDuplicateError(msg, component=min(twice))
    present = headers.keys()
    if not present.isdisjoint(member.components.suspect):
        require_no_override(headers)
        if unsigned := (COVERED_IF_PRESENT & present) - covered - rules.proxy_adds:
            msg = f"header {min(unsigned)!r} is present and not signed"
            raise HeaderNotCoveredError(msg, component=min(unsigned))
    return rules.proxy_adds and (rules.proxy_adds & present) - covered


def require_no_override(headers: Mapping[str, bytes]) -> None:
    """Refuse a header, signed or not, by which some frameworks run another method than the request's."""
    if overriding := METHOD_OVERRIDES & headers.keys():
        name = min(overriding)
        msg = f"header {name!r} tries to override the method"
        raise MethodRejectedError(msg, component=name)


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


def read_target(method: str, path: bytes, query: bytes, authority: bytes) -> dict[str, bytes]:
    """Step 5: the values of the four derived components, checked and never normalized.

    ``authority`` is that of the origin which the request's ``Host`` selected; the method was checked before.
    """
    require_target(path, query)
    return {
        "@method": method.encode(),
        "@authority": authority,
        "@path": path,
        "@query": b"?" + query,
    }


def read_delegation(value: bytes) -> str:
    """The token's text out of the ``Delegation`` header: a dictionary whose only member is ``t``."""
    if not value.startswith(_TOKEN_START) or value.find(b'"', _TOKEN_AT) != len(value) - 1:
        msg = 'the Delegation header is not of the form t="dlg1...."'
        raise DelegationMalformedError(msg, component="delegation")
    return value[_TOKEN_AT:-1].decode("latin-1")


def require_algorithm(alg: str, key_alg: str) -> None:
    """The algorithm is a property of the key's record, never of the message (design rule 5)."""
    if ALGORITHMS[alg] != key_alg:
        msg = f"the message names {alg!r}, the key is {key_alg!r}"
        raise AlgKeyMismatchError(msg, component="alg", limit=key_alg)
