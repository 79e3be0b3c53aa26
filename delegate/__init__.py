"""Delegation and request signing for systems of AI agents.

The paved path: the names below are what most programs need. Each is loaded when it is first used, so that
``import delegate`` costs next to nothing. Nothing inside the package imports from here; see the floors in
the README for the way through the code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from delegate.client.context import action, bind, current_delegation, narrow, with_delegation
    from delegate.clock import Clock
    from delegate.envelope import Envelope
    from delegate.errors import DelegateError
    from delegate.identity import Identity
    from delegate.keys import PublicKey, SigningKey, TrustStore
    from delegate.scope import Action, Scope
    from delegate.token import KeyClaim, attenuate, issue, parse_unverified
    from delegate.verifier import Grant, Verified, Verifier

__all__ = [
    "Action",
    "Clock",
    "DelegateError",
    "Envelope",
    "Grant",
    "Identity",
    "KeyClaim",
    "PublicKey",
    "Scope",
    "SigningKey",
    "TrustStore",
    "Verified",
    "Verifier",
    "action",
    "attenuate",
    "bind",
    "current_delegation",
    "issue",
    "narrow",
    "parse_unverified",
    "with_delegation",
]

__version__ = "0.1.0"

_HOMES: Final = {
    "Action": "delegate.scope",
    "Clock": "delegate.clock",
    "DelegateError": "delegate.errors",
    "Envelope": "delegate.envelope",
    "Grant": "delegate.verifier",
    "Identity": "delegate.identity",
    "KeyClaim": "delegate.token",
    "PublicKey": "delegate.keys",
    "Scope": "delegate.scope",
    "SigningKey": "delegate.keys",
    "TrustStore": "delegate.keys",
    "Verified": "delegate.verifier",
    "Verifier": "delegate.verifier",
    "action": "delegate.client.context",
    "attenuate": "delegate.token",
    "bind": "delegate.client.context",
    "current_delegation": "delegate.client.context",
    "issue": "delegate.token",
    "narrow": "delegate.client.context",
    "parse_unverified": "delegate.token",
    "with_delegation": "delegate.client.context",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'delegate' has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return [*__all__, "__version__"]
