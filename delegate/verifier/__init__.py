"""The one door: a request goes in, a ``Verified`` or a ``DelegateError`` comes out.

- ``steps``    the decision, eleven numbered steps without I/O
- ``door``     ``Verifier``: configuration and the two drivers
- ``proof``    ``Verified`` and ``Grant``, which nothing else can make
- ``explain``  a verdict as something to read
"""

from __future__ import annotations

from delegate.verifier.door import Verifier
from delegate.verifier.proof import Grant, Verified
from delegate.verifier.steps import Claim, ReadBody, Request

__all__ = ["Claim", "Grant", "ReadBody", "Request", "Verified", "Verifier"]
