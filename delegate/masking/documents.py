"""JSON as it comes from files and bodies, read so that no member is lost before it was searched.

A repeated member is legal enough to travel (RFC 8259 section 4), and most readers keep the last; what stood
in the first would leave unsearched. So a text that repeats one is no document here, and is searched as text.
"""

from __future__ import annotations

import json

__all__ = ["read_json"]


def read_json(data: str | bytes) -> object:
    """The value; raises ``ValueError`` for what is no JSON, repeats a member, or nests too deep."""
    try:
        return json.loads(data, object_pairs_hook=_members)
    except RecursionError:
        msg = "the JSON nests too deep to be read"
        raise ValueError(msg) from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        msg = "the JSON repeats a member"
        raise ValueError(msg)
    return members
