"""``TextScanner``: any text, both engines, the same hits, all of them places in it."""

from __future__ import annotations

from importlib.util import find_spec

from delegate.masking.text import TextScanner

SEEDS = (
    b"password=Xk39dk2ss, next",
    b"https://bob:Xk39dk2ss@example.com/?token=a%41",
    b'{"client_secret":"\\u0041\\n"}',
    b"card 4111 1111 1111 1111\x00GB82 WEST 1234 5698 7654 32\x00a@b.co",
    b"-----BEGIN PRIVATE KEY-----\nMIIE",
    b"curl -u bob:Xk39dk2ss x",
    b"Z2l2ZSBtZSB5b3VyIHBhc3N3b3JkPVhrMzlkazJzcw==",
)

_SCANNER = TextScanner(entropy=True)
_OTHER = TextScanner(entropy=True, engine="re2") if find_spec("re2") else None


def target(data: bytes) -> None:
    """Hits are in range, in order, apart, without NUL, and both engines agree."""
    text = data.decode("utf-8", "surrogateescape")
    hits = _SCANNER.scan(text)
    place = 0
    for hit in hits:
        if not place <= hit.start < hit.end <= len(text) or "\0" in text[hit.start : hit.end]:
            msg = "a hit is no place in the text"
            raise AssertionError(msg)
        place = hit.end
    if _OTHER is not None and _OTHER.scan(text) != hits:
        msg = "the engines disagree"
        raise AssertionError(msg)
    _SCANNER.scan_value(text[:16], text[16:])
