"""Revocation lists: how an issuer takes back what it granted, before it expires (design section 10).

The rule: where an issuer's record demands revocation, a chain is believed only beside a list that is
recent. A list that is absent, too old, or in doubt refuses everything; nothing is ever taken for "not
revoked" because it could not be asked.

- ``lists``     ``RevocationList``: the signed statement, and how it is read
- ``versions``  the highest version of each issuer's list, so that nobody goes back to an older one
- ``sqlite``    the same, kept on the disk
- ``state``     ``Revocations``: the lists in force. A verifier asks it, without I/O
- ``source``    where lists come from: a file, and the threads that look at sources again and again

``delegate.client.revocation`` fetches lists over HTTP. The format is in ``docs/spec/revocation.md``.
"""

from __future__ import annotations

from delegate.revocation.lists import RevocationList
from delegate.revocation.source import FileSource, Refresher, Source
from delegate.revocation.state import Revocations
from delegate.revocation.versions import MemoryVersions, VersionStore

__all__ = [
    "FileSource",
    "MemoryVersions",
    "Refresher",
    "RevocationList",
    "Revocations",
    "Source",
    "VersionStore",
]
