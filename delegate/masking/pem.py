r"""Private keys in PEM armour (RFC 7468), OpenPGP armour (RFC 9580) and SSH armour (RFC 4716).

Also where it was cut off, or where its line breaks became the two characters ``\n``: from the line that
begins the key to the one that ends it; without that line, as far as the key goes on. Each header is looked
at once and the search never passes the next dashes, so headers without ends cost no more than other text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit

__all__ = ["private_keys"]

_BEGIN: Final = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_END: Final = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}-{4,5}")
_CUT: Final = re.compile(r"(?:[A-Za-z0-9+/=:,\s]|\\[nr]|-(?!-)){0,16384}")
_LONGEST: Final = 65536


def private_keys(text: str) -> Iterator[Hit]:
    """Every private key, with its armour."""
    begin = _BEGIN.search(text)
    while begin:
        dashes = text.find("----", begin.end(), begin.end() + _LONGEST)
        end = _END.match(text, dashes) if dashes >= 0 else None
        body = _CUT.match(text, begin.end())
        stop = end.end() if end else body.end() if body else begin.end()
        nul = text.find("\0", begin.end(), stop)
        stop = nul if nul >= 0 else stop
        yield Hit(begin.start(), stop, "private-key", "pem-private-key", 95)
        begin = _BEGIN.search(text, stop)
