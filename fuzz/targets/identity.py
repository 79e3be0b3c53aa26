"""``Identity.from_header``: the ``Agent-Identity`` header."""

from __future__ import annotations

from delegate.identity import Identity
from fuzz.first_step import FirstStep

SEEDS = (b'"worker-agent"', b'"worker-agent";run="rt-1";svc="spiffe://local/a";wl="w";sid="s"')
FIRST_STEP = FirstStep(by=(Identity.from_header,))


def target(data: bytes) -> None:
    """A header that is accepted is the one form of its identity."""
    text = data.decode("latin-1")
    if Identity.from_header(text).to_header() != text:
        msg = "two headers name one identity"
        raise AssertionError(msg)
