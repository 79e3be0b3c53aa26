r"""Structured fields (RFC 8941, RFC 9651), as far as the profile reads them: three dictionaries.

``Signature-Input`` is a dictionary of inner lists, ``Signature`` and ``Content-Digest`` are dictionaries
of byte sequences. One regular expression matches one member; it has only possessive repeats, so the time
is linear in the text whatever a stranger sends. Members of other signers are held to the RFC's grammar,
because they travel beside ours and must not break it. *Our* member is held to a narrower one in
``delegate.envelope.components``, so the RFC's is asked about it only to say what is wrong.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Final, TypeAlias

from delegate.encoding import b64_decode
from delegate.errors import (
    HeaderTooLargeError,
    MalformedError,
    SignatureInputMalformedError,
    SignatureMalformedError,
)
from delegate.limits import SIGNATURE_MAX_MEMBERS

if TYPE_CHECKING:
    from delegate.errors import DelegateError

__all__ = [
    "ByteSequence",
    "InnerList",
    "byte_sequence",
    "decode_bytes",
    "parse_byte_sequences",
    "parse_signature_input",
    "read_byte_sequence",
    "require_well_formed",
]

_KEY: Final = r"[a-z*][a-z0-9_\-.*]*+"
_STRING: Final = r'"(?:[ !#-\[\]-~]|\\["\\])*+"'
_NUMBER: Final = r"-?+[0-9](?:[0-9]{0,14}+(?!\.)|[0-9]{0,11}+\.[0-9]{1,3}+)(?![0-9])"
_TOKEN: Final = r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*+"
_BYTES: Final = r":[A-Za-z0-9+/=]*+:"
_DISPLAY: Final = r'%"(?:[ !#$&-~]|%[0-9a-f]{2})*+"'
_BARE: Final = rf"(?:{_STRING}|{_NUMBER}|{_TOKEN}|{_BYTES}|\?[01]|@-?+[0-9]{{1,15}}+|{_DISPLAY})"
_PARAMETERS: Final = rf"(?:; *+{_KEY}(?:={_BARE})?+)*+"
_INNER_LIST: Final = rf"\( *+(?:{_BARE}{_PARAMETERS}(?:(?=\))| ++))*+\)"

_WELL_FORMED: Final = re.compile(_INNER_LIST + _PARAMETERS)
_QUOTED: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_ANY_ITEMS: Final = rf'\([^"()]*+(?:{_QUOTED}[^"()]*+)*+\)'
_ANY_PARAMETERS: Final = rf'[^",]*+(?:{_QUOTED}[^",]*+)*+'
_INPUT_MEMBER: Final = re.compile(f"({_KEY})=({_ANY_ITEMS})({_ANY_PARAMETERS})")
_SOLE_MEMBER: Final = re.compile(rf"({_KEY})=(\([^)]*+\))([^)]*+)")
"""One member, if no comma follows and no string holds a parenthesis: nearly every header is one. What this
splits wrongly is no inner list, and both grammars of a member refuse it."""

_BYTES_MEMBER: Final = re.compile(rf"({_KEY})=:([A-Za-z0-9+/=]*+):({_PARAMETERS})")
_SEPARATOR: Final = re.compile(r"[ \t]*+,[ \t]*+")


InnerList: TypeAlias = tuple[str, str]
"""One member of ``Signature-Input`` as text: its items with their parentheses, ``("@method" "@path")``, and
its parameters, ``;created=1795175603;keyid="..."``, empty where there are none."""

ByteSequence: TypeAlias = tuple[str, str]
"""One member of ``Signature`` or ``Content-Digest``: its base64 text, not yet decoded, and its parameters."""


def _members(
    pattern: re.Pattern[str], text: str, name: str, error: type[DelegateError]
) -> dict[str, re.Match[str]]:
    """Split a dictionary into its members, refusing repeats: last-wins would let a proxy swap ours."""
    members: dict[str, re.Match[str]] = {}
    position = 0
    while True:
        match = pattern.match(text, position)
        if match is None:
            msg = f"{name} is not a structured-field dictionary of the expected kind (index {position})"
            raise error(msg, component=name)
        label = match[1]
        if label in members:
            msg = f"{name} has two members {label[:32]!r}"
            raise error(msg, component=name, field=label)
        members[label] = match
        position = match.end()
        if position == len(text):
            return members
        if len(members) == SIGNATURE_MAX_MEMBERS:
            msg = f"{name} has more than {SIGNATURE_MAX_MEMBERS} members"
            raise HeaderTooLargeError(msg, component=name, limit=SIGNATURE_MAX_MEMBERS)
        separator = _SEPARATOR.match(text, position)
        if separator is None:
            msg = f"{name} has text after the member {label[:32]!r}"
            raise error(msg, component=name, field=label)
        position = separator.end()


def parse_signature_input(text: str) -> dict[str, InnerList]:
    """Split ``Signature-Input`` (RFC 9421 section 4.1) into label -> inner list with parameters.

    The members themselves are not yet checked: see ``require_well_formed``. Raises
    ``SignatureInputMalformedError``, or ``HeaderTooLargeError`` for too many members.
    """
    sole = _SOLE_MEMBER.fullmatch(text)
    if sole is not None and "," not in (parameters := sole[3]):
        label, items = sole[1], sole[2]
        return {label: (items, parameters)}
    members = _members(_INPUT_MEMBER, text, "signature-input", SignatureInputMalformedError)
    return {label: (match[2], match[3]) for label, match in members.items()}


def require_well_formed(member: InnerList) -> None:
    """Hold one member to the RFC's whole grammar; raises ``SignatureInputMalformedError``."""
    if _WELL_FORMED.fullmatch("".join(member)) is None:
        msg = "a member of Signature-Input is not an inner list of structured-field items with parameters"
        raise SignatureInputMalformedError(msg, component="signature-input")


def parse_byte_sequences(
    text: str, name: str, error: type[DelegateError] = SignatureMalformedError
) -> dict[str, ByteSequence]:
    """Read ``Signature`` or ``Content-Digest``: label -> byte sequence with parameters."""
    sole = _BYTES_MEMBER.fullmatch(text)
    if sole is not None:
        return {sole[1]: (sole[2], sole[3])}
    members = _members(_BYTES_MEMBER, text, name, error)
    return {label: (match[2], match[3]) for label, match in members.items()}


def decode_bytes(
    text: str, size: int, name: str, error: type[DelegateError] = SignatureMalformedError
) -> bytes:
    """Decode one byte sequence of exactly ``size`` bytes; ``error`` for anything else."""
    try:
        return b64_decode(text, size=size)
    except MalformedError:
        msg = f"{name} is not {size} bytes in canonical base64"
        raise error(msg, component=name, limit=size) from None


def byte_sequence(label: bytes, data: bytes) -> bytes:
    """A dictionary of one byte sequence, as it is written: ``dlg=:...:`` (RFC 8941 section 4.1.8)."""
    return b"%b=:%b:" % (label, b2a_base64(data, newline=False))


def read_byte_sequence(text: bytes, label: bytes, size: int) -> bytes:
    """The ``size`` bytes of which ``text`` is the ``byte_sequence``; ``ValueError`` for any other text.

    It is decoded forgivingly, for what was forgiven shows when it is written again.
    """
    data = a2b_base64(text[len(label) + 2 :])
    if len(data) != size or byte_sequence(label, data) != text:
        raise ValueError
    return data
