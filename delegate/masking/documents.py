"""JSON as it comes from files and bodies, read so that no member is lost before it was searched.

A repeated member is legal enough to travel (RFC 8259 section 4), and most readers keep the last; what stood
in the first would leave unsearched. So an object that repeats a name is read as the list of its pairs.
"""

from __future__ import annotations

import json

__all__ = ["read_json"]


def read_json(data: str | bytes) -> object:
    """The value; raises ``ValueError`` for what is no JSON, or nests too deep to be read."""
    try:
        return json.loads(data, object_pairs_hook=_members)
    except RecursionError:
        msg = "the JSON nests too deep to be read"
        raise ValueError(msg) from None


def _members(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    return members if len(members) == len(pairs) else pairs
