"""The server's end, as far as the protocol goes: no framework is imported here.

- ``asgi``         the middleware: verify, then hand on, or refuse
- ``gate``         what stands around an application of any framework, and what a handler needs
- ``routes``       what its routes say about who may ask for them
- ``problem``      a refusal as an RFC 9457 answer, and what a stranger may learn from it
- ``answers``      answers signed for their request
- ``body``         the request body, read once within its bounds and replayed
- ``stream``       event streams that end with the authority they were opened with
- ``development``  what the server saw, for the developer of a client
- ``interface``    the types of ASGI
- ``messages``     the same door for messages without HTTP;  ``jsonrpc``  the calls that carry them
"""

from __future__ import annotations
