"""Covered components, signature parameters, and the signature base (RFC 9421 sections 2 and 2.5).

Requests and responses have one grammar, of which each uses its part: a request covers fields and derived
components of its own and has six parameters; a response covers components of its request besides, marked
``;req``, and has four parameters. A component's name here is its identifier without the quotes:
``content-type``, ``@method;req``, ``signature;req;key="dlg"``.

The signature base of a request *is* its canonical form: one line a component, in the signer's order, and
the parameters last, as received. Our member of ``Signature-Input`` is accepted in its one strict
serialization only, so its text can go into the base without being written again (design rule 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from delegate.encoding import b64url_decode
from delegate.errors import (
    AlgNotAllowedError,
    ComponentDuplicateError,
    ComponentMissingError,
    ComponentUnsupportedError,
    DelegateError,
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

__all__ = [
    "ALGORITHMS",
    "ALGORITHM_NAMES",
    "ALWAYS_COVERED",
    "BODY_METHODS",
    "COVERED_IF_PRESENT",
    "METHOD_OVERRIDES",
    "RESPONSE_TAG",
    "TAG",
    "USUAL_CHANGES",
    "Components",
    "Parameters",
    "ResponseParameters",
    "parse_components",
    "parse_parameters",
    "parse_response_parameters",
    "parse_usual",
    "signature_base",
    "typed_parameters",
]

TAG: Final = "delegate-v1"
"""The ``tag`` of a request signature of this profile (RFC 9421 section 2.3)."""

RESPONSE_TAG: Final = "delegate-response-v1"
"""The ``tag`` of a response signature of this profile."""

ALGORITHMS: Final = {algorithm.http: algorithm.name for algorithm in _KEY_ALGORITHMS.values()}
"""RFC 9421 algorithm name -> our name of the key type."""

ALGORITHM_NAMES: Final = {key_type: name for name, key_type in ALGORITHMS.items()}
"""The other way round: what a signer with a key of this type names."""

_TAG_PARAMETERS: Final = {tag: f';tag="{tag}"' for tag in (TAG, RESPONSE_TAG)}
"""Tag -> the parameter that names it, as it is written."""

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

METHOD_OVERRIDES: Final = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})
"""Headers by which some frameworks let a request run as another method than its own."""

BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods whose requests carry a digest even of an empty body."""

_FIELD_NAME: Final = r"[a-z0-9!#$%&'*+\-.^_`|~]+"
_OF_REQUEST: Final = r'(?:;req(?:;key="[a-z*][a-z0-9_\-.*]*+")?+)?+'
_ITEM: Final = re.compile(rf'"(@?{_FIELD_NAME})"({_OF_REQUEST})')
_ITEMS: Final = re.compile(rf'\((?:"@?{_FIELD_NAME}"{_OF_REQUEST}(?: (?=")|(?=\))))*+\)')
_ITEM_WITH_PARAMETERS: Final = re.compile(rf'"(@?{_FIELD_NAME})"(?!{_OF_REQUEST}[ )]);')
_SECONDS: Final = r"(0|[1-9][0-9]{0,10})"
_STRING: Final = r'"([ !#-\[\]-~]*+)"'
_VALUES: Final = {
    "created": _SECONDS,
    "expires": _SECONDS,
    "nonce": _STRING,
    "keyid": _STRING,
    "alg": _STRING,
}
_PARAMETER: Final = re.compile(r';([a-z*][a-z0-9_\-.*]*+)=?("[^"]*+"|[^;"]*+)')
_TOO_FINE: Final = re.compile(r"[1-9][0-9]{11,14}")


class _Form(NamedTuple):
    """Which parameters a signature has, each once and in any order."""

    values: dict[str, str]
    """Name -> the expression of its value."""
    in_usual_order: re.Pattern[str]
    """As the profile lists them: most signers write them so, which is read in half the time."""
    in_any_order: re.Pattern[str]
    """All of them; a group for each value, in the order of ``values``."""

    @classmethod
    def of(cls, tag: str, *names: str) -> _Form:
        """The form with these parameters and this tag."""
        values = {name: _VALUES[name] for name in names} | {"tag": f'"({tag})"'}
        each = [f"{name}={value}" for name, value in values.items()]
        usual = "".join(f";{one}" for one in each)
        return cls(values, re.compile(usual), re.compile(f"(?:;(?:{'|'.join(each)})){{{len(values)}}}"))

    def read(self, text: str) -> tuple[str, ...]:
        """The values, in the order of ``values``."""
        match = self.in_usual_order.fullmatch(text) or self.in_any_order.fullmatch(text)
        if match is None or None in (read := match.groups()):  # as many repeats as values: each came once
            raise _parameter_refusal(self.values, text)
        return read


_REQUEST_FORM: Final = _Form.of(TAG, "created", "expires", "nonce", "keyid", "alg")
_RESPONSE_FORM: Final = _Form.of(RESPONSE_TAG, "created", "keyid", "alg")

USUAL_CHANGES: Final = re.compile(
    rf'created={_SECONDS};expires={_SECONDS};nonce="([A-Za-z0-9_-]{{21}}[AQgw])";'.encode()
)
"""What differs between the requests of one client, as nearly all signers write it: behind the items, and
before what else does not differ (``parse_usual``). The nonce is in its one spelling: of the six bits of its
last character four are spare."""

_USUAL_START: Final = re.compile(r"([a-z*][a-z0-9_\-.*]{0,31}+)=(\([^()]*+\))")
_USUAL_END: Final = re.compile(rf"keyid={_STRING};alg={_STRING}" + re.escape(_TAG_PARAMETERS[TAG]))


@dataclass(frozen=True, slots=True)
class Components:
    """The covered component identifiers of one signature, in the signer's order."""

    names: tuple[str, ...]
    as_set: frozenset[str]
    suspect: frozenset[str]
    """Headers that ask for a look: ``METHOD_OVERRIDES``, and those of ``COVERED_IF_PRESENT`` not covered."""
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


class ResponseParameters(NamedTuple):
    """The parameters of a response signature; the fourth is the tag, and always ``RESPONSE_TAG``."""

    created: int
    keyid: str
    alg: str


def has_tag(parameters: str, tag: str = TAG) -> bool:
    """Whether a member's parameters name the tag of this profile: how ours is told from a proxy's.

    A plain search is exact here: inside a string the quotes would be escaped, and behind a closing quote
    the grammar of ``delegate.envelope.fields`` lets only ``;`` follow.
    """
    return _TAG_PARAMETERS[tag] in parameters


@lru_cache(maxsize=512)
def parse_components(items: str, required: frozenset[str] = ALWAYS_COVERED) -> Components:
    """Read the inner list of our member: ``("@method" "content-type" ...)``.

    ``required`` names what must be covered; what in it is not a plain field (a derived component, one of
    the request) may be covered, and nothing else that is not a plain field. A pure function, and clients
    repeat themselves, hence the cache; a refusal is never cached.

    Raises ``ComponentUnsupportedError`` for a component or component parameter outside the profile,
    ``ComponentDuplicateError``, ``ComponentMissingError`` for one that is always covered, and
    ``SignatureInputMalformedError`` for any other form.
    """
    if _ITEMS.fullmatch(items) is None:
        if found := _ITEM_WITH_PARAMETERS.search(items):
            msg = f"component {found[1]!r} has a parameter that the profile does not have"
            raise ComponentUnsupportedError(msg, component=found[1])
        msg = "the covered components are not lower-case names separated by single spaces"
        raise SignatureInputMalformedError(msg, component="signature-input")
    names = tuple(name + of_request for name, of_request in _ITEM.findall(items))
    if len(names) > SIGNATURE_MAX_COMPONENTS:
        msg = f"{len(names)} covered components, the limit is {SIGNATURE_MAX_COMPONENTS}"
        raise SignatureInputMalformedError(msg, component="signature-input", limit=SIGNATURE_MAX_COMPONENTS)
    as_set = frozenset(names)
    for name in names:
        if (name[0] == "@" or ";" in name) and name not in required:
            msg = f"component {name!r} is not of this profile"
            raise ComponentUnsupportedError(msg, component=name.partition(";")[0])
        if names.count(name) > 1:
            msg = f"component {name!r} is covered twice"
            raise ComponentDuplicateError(msg, component=name)
    require_covered(required, as_set)
    lines = [f"{identifier(name).replace('%', '%%')}: %b\n" for name in (*names, "@signature-params")]
    template = "".join(lines)[:-1].encode()
    suspect = COVERED_IF_PRESENT - as_set | METHOD_OVERRIDES
    return Components(names, as_set, suspect, itemgetter(*names), template)


def identifier(name: str) -> str:
    """A component's name as it is written: ``"content-type"``, ``"@method";req``."""
    field, semicolon, of_request = name.partition(";")
    return f'"{field}"{semicolon}{of_request}'


def require_covered(required: frozenset[str], covered: frozenset[str]) -> None:
    """Refuse a signature that leaves out one of ``required``."""
    if missing := required - covered:
        name = min(missing)
        msg = f"the signature does not cover {name!r}"
        raise ComponentMissingError(msg, component=name)


@lru_cache(maxsize=512)
def parse_usual(start: bytes, end: bytes) -> tuple[str, bytes, Components, str, str]:
    """Label, the same as bytes, components, key id and algorithm of our member, as most signers write it.

    That is a header with no other member, and the parameters in the usual order: ``start`` stands before
    ``USUAL_CHANGES`` and a semicolon, ``end`` behind them. A client writes these parts alike for each of its
    requests, hence the cache; it keeps no refusal. Raises ``ValueError`` for other text and what
    ``parse_components`` raises.
    """
    started = _USUAL_START.fullmatch(start.decode("ascii"))
    ended = _USUAL_END.fullmatch(end.decode("ascii"))
    if started is None or ended is None or ended[2] not in ALGORITHMS:
        raise ValueError
    return started[1], started[1].encode(), parse_components(started[2]), ended[1], ended[2]


def parse_parameters(text: str) -> Parameters:
    """Read the parameters of our member: exactly the six of the profile, in any order.

    Raises ``ParamMissingError``, ``ParamMalformedError``, ``TimestampUnitError``, ``NonceMalformedError``
    or ``AlgNotAllowedError``.
    """
    created, expires, nonce, keyid, alg, _tag = _REQUEST_FORM.read(text)
    return typed_parameters(int(created), int(expires), nonce, keyid, alg)


def typed_parameters(created: int, expires: int, nonce: str, keyid: str, alg: str) -> Parameters:
    """The parameters whose form was read; raises ``AlgNotAllowedError`` or ``NonceMalformedError``."""
    if alg not in ALGORITHMS:
        raise _algorithm_refusal(alg)
    try:
        return Parameters(created, expires, b64url_decode(nonce, size=NONCE_BYTES), keyid, alg)
    except MalformedError:
        msg = f"the nonce is not {NONCE_BYTES} bytes in canonical base64url"
        raise NonceMalformedError(msg, component="nonce", limit=NONCE_BYTES) from None


def parse_response_parameters(text: str) -> ResponseParameters:
    """Read the parameters of a response signature: exactly four, in any order.

    Raises ``ParamMissingError``, ``ParamMalformedError``, ``TimestampUnitError`` or ``AlgNotAllowedError``.
    """
    created, keyid, alg, _tag = _RESPONSE_FORM.read(text)
    if alg not in ALGORITHMS:
        raise _algorithm_refusal(alg)
    return ResponseParameters(int(created), keyid, alg)


def _algorithm_refusal(alg: str) -> DelegateError:
    msg = f"algorithm {alg[:32]!r} is not one of {', '.join(ALGORITHMS)}"
    return AlgNotAllowedError(msg, component="alg", limit=tuple(ALGORITHMS))


def _parameter_refusal(values: Mapping[str, str], text: str) -> DelegateError:
    """Say what is wrong with parameters that are not those of ``values``, once each, in their types."""
    found = _PARAMETER.findall(text)
    names = [name for name, _ in found]
    for name, value in found:
        if name not in values or names.count(name) > 1:
            msg = f"signature parameter {name[:32]!r} is unknown or repeated"
            return ParamMalformedError(msg, component=name)
        if values[name] is _SECONDS and _TOO_FINE.fullmatch(value):
            msg = f"{name} is not in seconds: more than 11 digits"
            return TimestampUnitError(msg, component=name, limit=TIMESTAMP_MAX)
        if re.fullmatch(values[name], value) is None:
            msg = f"signature parameter {name!r} is not of the type or form that the profile gives it"
            return ParamMalformedError(msg, component=name)
    if "".join(f";{name}={value}" for name, value in found) != text:
        msg = "the signature parameters are not of the form ;name=value without spaces"
        return ParamMalformedError(msg, component="signature-input")
    name = next(name for name in values if name not in names)
    msg = f"signature parameter {name!r} is missing"
    return ParamMissingError(msg, component=name)


def signature_base(components: Components, values: Mapping[str, bytes], signature_params: bytes) -> bytes:
    """The signature base (RFC 9421 section 2.5): what is signed, and the canonical form of a request.

    ``values`` maps each component name to its value, without white space around it; ``signature_params``
    is the member of ``Signature-Input`` without its label. Two different messages never share a base:
    values hold no line feed, so its lines are its components. Raises ``ComponentMissingError`` for a
    component the message does not have, ``MalformedError`` for a value outside visible ASCII.
    """
    try:
        lines = *components.values(values), signature_params
    except KeyError as error:
        msg = f"the signature covers {error.args[0]!r}, which the message does not have"
        raise ComponentMissingError(msg, component=error.args[0]) from None
    text = b"".join(lines)
    find = text.find  # `in` takes its operand for an integer first, which costs more than the search
    if find(b"\n") >= 0 or find(b"\r") >= 0 or find(b"\0") >= 0 or not text.isascii():
        msg = "a covered component's value has a line end, NUL or a character outside ASCII"
        raise MalformedError(msg, component="signature-input")
    return components.template % lines
