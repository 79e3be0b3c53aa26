"""The delegation token ``dlg1``: a chain of signed blocks, each handing on a part of the one before.

- ``block``    one payload: what a delegator states
- ``chain``    the text form and the unverified type that reading it gives
- ``verify``   what makes a chain believable, in two passes
- ``cache``    a bounded memory of chains that passed the first
- ``mint``     issue, attenuate
- ``claim``    key claims of remote delegatees
- ``explain``  the chain as a picture for people
"""

from __future__ import annotations

from delegate.token.chain import UnverifiedToken, parse_unverified
from delegate.token.claim import KeyClaim
from delegate.token.mint import attenuate, attenuate_to_ephemeral, issue

__all__ = [
    "KeyClaim",
    "UnverifiedToken",
    "attenuate",
    "attenuate_to_ephemeral",
    "issue",
    "parse_unverified",
]
