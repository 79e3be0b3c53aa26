"""``python -m delegate``: the command line."""

from __future__ import annotations

from delegate.cli import main

if __name__ == "__main__":
    main()
