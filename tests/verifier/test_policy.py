"""What a server configures, and what stands where it says nothing."""

from __future__ import annotations

from typing import Any

from delegate.clock import ManualClock
from delegate.envelope.target import Origins
from delegate.envelope.verify import EnvelopeRules
from delegate.verifier.policy import Policy, ReadBody
from tests.support.forge import NOW, ORIGIN
from tests.support.wire import trust_store


def test_a_policy_demands_a_delegation_unless_it_says_otherwise() -> None:
    settings: dict[str, Any] = {
        "trust": trust_store(),
        "origins": Origins([ORIGIN]),
        "rules": EnvelopeRules(),
        "clock": ManualClock(NOW),
        "whole_body": ReadBody(1, 1),
        "no_body": ReadBody(0, 1),
    }
    assert Policy(**settings).require_delegation
    assert not Policy(**settings, require_delegation=False).require_delegation
