"""Slow, obvious second opinions: what the fast code is compared with."""
