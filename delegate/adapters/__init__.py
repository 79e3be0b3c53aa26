"""Frameworks: one file for each, on ``server/`` or ``client/`` and never on another adapter."""

from __future__ import annotations
