"""The client: which delegation is current, and transports that sign with it.

- ``context``  ``with_delegation``, ``narrow``, ``action``, ``bind``: what is current, and how it travels
- ``signing``  whether to sign, with what, and what to do with the answer: decisions, without I/O; ``steps``
  is what it asks of a transport, ``rules`` its settings, ``copy`` the signed copy that goes out
- ``answers``  which keys sign a server's answers, and what a signed answer proves
- ``transport``  what the ends of all libraries share: their settings, and the loops that carry the steps out
- ``httpx``, ``httpx2``, ``requests``, ``aiohttp``  the end of each library; ``httpx_api`` is that of the
  first two, written once
- ``messages``  signing where there is no HTTP: MCP over stdio, queues
- ``revocation``  a source of revocation lists for a verifier, by httpx
"""

from __future__ import annotations
