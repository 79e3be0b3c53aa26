"""The envelope: a signature over everything that gives a request, or a message, its meaning.

Over HTTP it is one of RFC 9421:

- ``message``     the typed view ``Envelope`` and the snapshot of the headers it is read from
- ``fields``      the structured-field grammar of Signature-Input, Signature and Content-Digest
- ``components``  covered components, signature parameters, the signature base
- ``target``      method, path, query and origin in their one form
- ``digest``      Content-Digest
- ``verify``      the server's steps;  ``sign``  the client's
- ``response``    answers, signed for their request

Without HTTP it is one of DSSE:

- ``dsse``        both ends;  ``params``  the parameters, as they are digested and as they carry it
"""

from __future__ import annotations

from delegate.envelope.message import Envelope

__all__ = ["Envelope"]
