"""jcs: canonical JSON by a port of the reference code of RFC 8785."""

from __future__ import annotations

from jcs import canonicalize

__all__ = ["canonicalize"]
