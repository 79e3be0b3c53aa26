"""What is read of a request's headers before any key is looked at: steps 1 to 3, and the two values beside.

An input is header lines, ``name: value``, separated by line feeds.
"""

from __future__ import annotations

from contextlib import suppress

from delegate.encoding import b64url_encode
from delegate.envelope.digest import parse_digest
from delegate.envelope.message import snapshot
from delegate.envelope.verify import pick_signature, read_delegation, read_member
from delegate.errors import DelegateError
from fuzz import material
from fuzz.first_step import FirstStep

_INPUT = f"dlg={material.COMPONENTS}{material.PARAMETERS}"
_LINES = (
    f"Signature-Input: {_INPUT}",
    f"Signature: dlg=:{'A' * 86}==:",
    f"Content-Digest: {material.HEADERS['content-digest'].decode()}",
    'Delegation: t="dlg1.e30.AA"',
)
_PROXY_LINES = (
    'Signature-Input: edge=("@method";req "date");created=1;x=?0;y=:AA==:;z=-1.5, ',
    "Signature: edge=:AA==:;p",
)
SEEDS = ("\n".join(_LINES).encode(), "\n".join((*_PROXY_LINES, *_LINES)).encode())
FIRST_STEP = FirstStep(within=(snapshot, pick_signature))


def lines(data: bytes) -> list[tuple[bytes, bytes]]:
    """The header lines of an input, as a server would pass them on."""
    found = (line.partition(b":") for line in data.split(b"\n"))
    return [(name, value.strip(b" ")) for name, _, value in found]


def target(data: bytes) -> None:
    """A member of ours that is read is the one serialization of its components and parameters."""
    headers, _ = snapshot(lines(data))
    with suppress(DelegateError):
        parse_digest(headers.get("content-digest", b""))
    with suppress(DelegateError):
        read_delegation(headers.get("delegation", b""))
    member = read_member(pick_signature(headers))
    stated = member.parameters
    items = " ".join(f'"{name}"' for name in member.components.names)
    pairs = (
        f";created={stated.created}",
        f";expires={stated.expires}",
        f';nonce="{b64url_encode(stated.nonce)}"',
        f';keyid="{stated.keyid}"',
        f';alg="{stated.alg}"',
        ';tag="delegate-v1"',
    )
    text = member.text.decode()
    if len(text) != len(f"({items})" + "".join(pairs)) or not (
        text.startswith(f"({items});") and all(pair in text for pair in pairs)
    ):
        msg = "two texts are one signature input"
        raise AssertionError(msg)
