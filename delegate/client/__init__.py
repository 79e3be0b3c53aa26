"""The client: which delegation is current, and transports that sign with it.

- ``context``  ``with_delegation``, ``narrow``, ``action``, ``bind``: what is current, and how it travels
- ``signing``  whether to sign, with what, and what to do with the answer: decisions, without I/O
- ``httpx``    the signing transports of httpx, sync and async
- ``messages``  signing where there is no HTTP: MCP over stdio, queues
- ``revocation``  a source of revocation lists for a verifier, by httpx
"""

from __future__ import annotations
