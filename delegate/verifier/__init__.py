"""The one door: a request or a message goes in, a ``Verified`` or a ``DelegateError`` comes out.

- ``steps``    the decision, eleven numbered steps without I/O
- ``http``     what the steps ask of an HTTP request;  ``message``  of a message without HTTP
- ``policy``   what a server configures
- ``door``     ``Verifier``: configuration and the two drivers
- ``proof``    ``Verified`` and ``Grant``, which nothing else can make
- ``explain``  a verdict as something to read;  ``record``  as a line in the log
"""

from __future__ import annotations

from delegate.verifier.door import Verifier
from delegate.verifier.http import Request
from delegate.verifier.message import Message
from delegate.verifier.policy import ReadBody
from delegate.verifier.proof import Grant, Verified
from delegate.verifier.steps import Claim

__all__ = ["Claim", "Grant", "Message", "ReadBody", "Request", "Verified", "Verifier"]
