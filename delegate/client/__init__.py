"""The client: which delegation is current, and transports that sign with it.

- ``context``  ``with_delegation``, ``narrow``, ``action``, ``bind``: what is current, and how it travels
- ``signing``  whether to sign, with what, and what to do with the answer: decisions, without I/O; ``steps``
  is what it asks of a transport, ``rules`` its settings, ``copy`` the signed copy that goes out
- ``answers``  which keys sign a server's answers, and what a signed answer proves
- ``httpx``    the signing transports of httpx, sync and async
- ``revocation``  a source of revocation lists for a verifier, by httpx
"""

from __future__ import annotations
