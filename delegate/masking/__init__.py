"""Masking: what leaves the process is masked, precisely and fast."""
