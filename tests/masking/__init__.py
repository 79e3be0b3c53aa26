"""Masking: what is found in text, and what becomes of it."""
