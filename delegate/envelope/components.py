"""Covered components, signature parameters, and the signature base (RFC 9421 sections 2 and 2.5).

The signature base of a request *is* its canonical form: one line a component, in the signer's order, and
the parameters last, as received. Our member of ``Signature-Input`` is accepted in its one strict
serialization only, so its text can go into the base without being written again (design rule 4).
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.encoding import b64url_decode
from delegate.errors import (
    AlgNotAllowedError,
    ComponentDuplicateError,
    ComponentMissingError,
    ComponentUnsupportedError,
    MalformedError,
    NonceMalformedError,
    ParamMalformedError,
    ParamMissingError,
    SignatureInputMalformedError,
    TimestampUnitError,
)
from delegate.keys.algorithm import ALGORITHMS as _KEY_ALGORITHMS
from delegate.limits import NONCE_BYTES, SIGNATURE_MAX_COMPONENTS, TIMESTAMP_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from delegate.errors import DelegateError

__all__ = [
    "ALGORITHMS",
    "ALWAYS_COVERED",
    "BODY_METHODS",
    "COVERED_IF_PRESENT",
    "TAG",
    "Components",
    "Parameters",
    "parse_components",
    "parse_parameters",
    "signature_base",
]

TAG: Final = "delegate-v1"
"""The ``tag`` of a request signature of this profile (RFC 9421 section 2.3)."""

ALGORITHMS: Final = {algorithm.http: algorithm.name for algorithm in _KEY_ALGORITHMS.values()}
"""RFC 9421 algorithm name -> our name of the key type."""

_TAG_PARAMETER: Final = f';tag="{TAG}"'

DERIVED: Final = frozenset({"@method", "@authority", "@path", "@query"})
"""The derived components of the profile; all four are always covered."""

ALWAYS_COVERED: Final = DERIVED | {"agent-identity"}

COVERED_IF_PRESENT: Final = frozenset(
    {
        "content-type",
        "content-encoding",
        "authorization",
        "cookie",
        "delegation",
        "agent-identity",
        "idempotency-key",
        "mcp-session-id",
        "mcp-protocol-version",
    }
)
"""Headers that change what a request means: present and not covered is refused."""

BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods whose requests carry a digest even of an empty body."""

_FIELD_NAME: Final = r"[a-z0-9!#$%&'*+\-.^_`|~]+"
_ITEM: Final = re.compile(rf'"(@?{_FIELD_NAME})"')
_ITEMS: Final = re.compile(rf'\((?:"@?{_FIELD_NAME}"(?: (?=")|(?=\))))*+\)')
_ITEM_WITH_PARAMETERS: Final = re.compile(rf'"(@?{_FIELD_NAME})";')
_SECONDS: Final = r"(0|[1-9][0-9]{0,10})"
_STRING: Final = r'"([ !#-\[\]-~]*+)"'
_VALUES: Final = {
    "created": _SECONDS,
    "expires": _SECONDS,
    "nonce": _STRING,
    "keyid": _STRING,
    "alg": _STRING,
    "tag": f'"({TAG})"',
}
_IN_USUAL_ORDER: Final = re.compile("".join(f";{name}={value}" for name, value in _VALUES.items()))
"""Most signers write the parameters as this profile lists them, which is read in half the time."""

_PARAMETERS: Final = re.compile(
    f"(?:;(?:{'|'.join(f'{name}={value}' for name, value in _VALUES.items())})){{{len(_VALUES)}}}"
)
"""All six in any order; a group for each value, in the order of ``_VALUES``."""

_PARAMETER: Final = re.compile(r';([a-z*][a-z0-9_\-.*]*+)=?("[^"]*+"|[^;"]*+)')
_TOO_FINE: Final = re.compile(r"[1-9][0-9]{11,14}")


class Components(NamedTuple):
    """The covered component identifiers of one signature, in the signer's order."""

    names: tuple[str, ...]
    as_set: frozenset[str]
    values: Callable[[Mapping[str, bytes]], tuple[bytes, ...]]
    """Picks the values of ``names`` out of a map; ``KeyError`` for one that is missing."""
    template: bytes
    """The signature base with ``%b`` in the place of each value and of the parameters."""


class Parameters(NamedTuple):
    """The signature parameters, each in its type; the sixth is the tag, and always ``TAG``."""

    created: int
    expires: int
    nonce: bytes
    keyid: str
    alg: str

    def __repr__(self) -> str:
        """Without the nonce."""
        return f"<Parameters {self.created} to {self.expires}, {self.keyid}>"


def has_tag(parameters: str) -> bool:
    """Whether a member's parameters name the tag of this profile: how ours is told from a proxy's.

    A plain search is exact here: inside a string the quotes would be escaped, and behind a closing quote
    the grammar of ``delegate.envelope.fields`` lets only ``;`` follow.
    """
    return _TAG_PARAMETER in parameters


@lru_cache(maxsize=512)
def parse_components(items: str) -> Components:
    """Read the inner list of our member: ``("@method" "content-type" ...)``.

    A pure function of its text, and clients repeat themselves, hence the cache; a refusal is never cached.

    Raises ``ComponentUnsupportedError`` for a component or component parameter outside the profile,
    ``ComponentDuplicateError``, ``ComponentMissingError`` for one that is always covered, and
    ``SignatureInputMalformedError`` for any other form.
    """
    if _ITEMS.fullmatch(items) is None:
        if found := _ITEM_WITH_PARAMETERS.search(items):
            msg = f"component {found[1]!r} has a parameter; the profile has none"
            raise ComponentUnsupportedError(msg, component=found[1])
        msg = "the covered components are not lower-case names separated by single spaces"
        raise SignatureInputMalformedError(msg, component="signature-input")
    names = tuple(_ITEM.findall(items))
    if len(names) > SIGNATURE_MAX_COMPONENTS:
        msg = f"{len(names)} covered components, the limit is {SIGNATURE_MAX_COMPONENTS}"
        raise SignatureInputMalformedError(msg, component="signature-input", limit=SIGNATURE_MAX_COMPONENTS)
    as_set = frozenset(names)
    for name in names:
        if name[0] == "@" and name not in DERIVED:
            msg = f"derived component {name!r} is not of this profile"
            raise ComponentUnsupportedError(msg, component=name)
        if names.count(name) > 1:
            msg = f"component {name!r} is covered twice"
            raise ComponentDuplicateError(msg, component=name)
    require_covered(ALWAYS_COVERED, as_set)
    lines = [f'"{name.replace("%", "%%")}": %b\n' for name in (*names, "@signature-params")]
    return Components(names, as_set, itemgetter(*names), "".join(lines)[:-1].encode())


def require_covered(required: frozenset[str], covered: frozenset[str]) -> None:
    """Refuse a signature that leaves out one of ``required``."""
    if missing := required - covered:
        name = min(missing)
        msg = f"the signature does not cover {name!r}"
        raise ComponentMissingError(msg, component=name)


def parse_parameters(text: str) -> Parameters:
    """Read the parameters of our member: exactly the six of the profile, in any order.

    Raises ``ParamMissingError``, ``ParamMalformedError``, ``TimestampUnitError``, ``NonceMalformedError``
    or ``AlgNotAllowedError``.
    """
    match = _IN_USUAL_ORDER.fullmatch(text) or _PARAMETERS.fullmatch(text)
    if match is None or None in (values := match.groups()):  # six repeats and six values: each came once
        raise _parameter_refusal(text)
    created, expires, nonce, keyid, alg, _tag = values
    if alg not in ALGORITHMS:
        msg = f"algorithm {alg[:32]!r} is not one of {', '.join(ALGORITHMS)}"
        raise AlgNotAllowedError(msg, component="alg", limit=tuple(ALGORITHMS))
    try:
        return Parameters(int(created), int(expires), b64url_decode(nonce, size=NONCE_BYTES), keyid, alg)
    except MalformedError:
        msg = f"the nonce is not {NONCE_BYTES} bytes in canonical base64url"
        raise NonceMalformedError(msg, component="nonce", limit=NONCE_BYTES) from None


def _parameter_refusal(text: str) -> DelegateError:
    """Say what is wrong with parameters that are not the six of the profile, once each, in their types."""
    found = _PARAMETER.findall(text)
    names = [name for name, _ in found]
    for name, value in found:
        if name not in _VALUES or names.count(name) > 1:
            msg = f"signature parameter {name[:32]!r} is unknown or repeated"
            return ParamMalformedError(msg, component=name)
        if _VALUES[name] is _SECONDS and _TOO_FINE.fullmatch(value):
            msg = f"{name} is not in seconds: more than 11 digits"
            return TimestampUnitError(msg, component=name, limit=TIMESTAMP_MAX)
        if re.fullmatch(_VALUES[name], value) is None:
            msg = f"signature parameter {name!r} is not of the type or form that the profile gives it"
            return ParamMalformedError(msg, component=name)
    if "".join(f";{name}={value}" for name, value in found) != text:
        msg = "the signature parameters are not of the form ;name=value without spaces"
        return ParamMalformedError(msg, component="signature-input")
    name = next(name for name in _VALUES if name not in names)
    msg = f"signature parameter {name!r} is missing"
    return ParamMissingError(msg, component=name)


def signature_base(components: Components, values: Mapping[str, bytes], signature_params: str) -> bytes:
    """The signature base (RFC 9421 section 2.5): what is signed, and the canonical form of a request.

    ``values`` maps each component name to its value, without white space around it; ``signature_params``
    is the member of ``Signature-Input`` without its label. Two different messages never share a base:
    values hold no line feed, so its lines are its components. Raises ``ComponentMissingError`` for a
    component the message does not have, ``MalformedError`` for a value outside visible ASCII.
    """
    try:
        picked = components.values(values)
    except KeyError as error:
        msg = f"the signature covers {error.args[0]!r}, which the message does not have"
        raise ComponentMissingError(msg, component=error.args[0]) from None
    together = b"".join(picked)
    find = together.find  # `in` takes its operand for an integer first, which costs more than the search
    if find(b"\n") >= 0 or find(b"\r") >= 0 or find(b"\0") >= 0 or not together.isascii():
        msg = "a covered component's value has a line end, NUL or a character outside ASCII"
        raise MalformedError(msg, component="signature-input")
    return components.template % (*picked, signature_params.encode())
