"""Test vectors of this project, for any implementation; README.md says how to read them."""
