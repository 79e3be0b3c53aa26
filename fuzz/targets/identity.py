"""``Identity.from_header``: the ``Agent-Identity`` header, with ``http_sf`` (RFC 9651) as oracle."""

from __future__ import annotations

from typing import Any

import http_sf

from delegate.identity import Identity
from fuzz.first_step import FirstStep

SEEDS = (b'"worker-agent"', b'"worker-agent";run="rt-1";svc="spiffe://local/a";wl="w";sid="s"')
FIRST_STEP = FirstStep(by=(Identity.from_header,))


def target(data: bytes) -> None:
    """A header that is accepted is the one form of its identity."""
    text = data.decode("latin-1")
    identity = Identity.from_header(text)
    if identity.to_header() != text:
        msg = "two headers name one identity"
        raise AssertionError(msg)
    item: Any = http_sf.parse(data, tltype="item")
    stated = {"run": identity.run, "svc": identity.service, "wl": identity.workload, "sid": identity.session}
    if item != (identity.agent, {name: value for name, value in stated.items() if value is not None}):
        msg = "another implementation reads the header otherwise"
        raise AssertionError(msg)
