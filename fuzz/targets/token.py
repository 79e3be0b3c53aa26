"""``parse_unverified``: the text of a token, before any signature is looked at."""

from __future__ import annotations

from delegate.encoding import b64url_decode, b64url_encode
from delegate.token import parse_unverified
from fuzz import material
from fuzz.first_step import FirstStep

SEEDS = (
    material.TOKEN.text.encode(),
    material.ROOT_TOKEN.text.encode(),
    b"dlg2" + material.ROOT_TOKEN.text.encode()[4:],
)
FIRST_STEP = FirstStep(within=(b64url_decode,), by=(parse_unverified,))


def target(data: bytes) -> None:
    """A token that is read has one text, and a chain grants no more the longer it gets."""
    text = data.decode("utf-8", "surrogateescape")
    token = parse_unverified(text)
    parts = [part for link in token.links for part in (link.payload, link.signature)]
    if ".".join(["dlg1", *map(b64url_encode, parts)]) != text:
        msg = "two texts are one token"
        raise AssertionError(msg)
    for link in token.links:
        parent = link.parent
        if parent is not None and not (
            link.audience <= parent.audience
            and link.expires_at <= parent.expires_at
            and link.further_hops < parent.further_hops
        ):
            msg = "an effective value exceeds that of the parent"
            raise AssertionError(msg)
    if parse_unverified(text, known=parse_unverified(text)) != token:
        msg = "what is known of a token changes how it reads"
        raise AssertionError(msg)
