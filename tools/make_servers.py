"""Write docs/servers.md from a run of the real servers: ``python -m tools.make_servers``.

It needs the servers of the test lock; ``make servers`` sees to that. A test compares the committed page with
a run of its own.
"""

from __future__ import annotations

from pathlib import Path

from tests.servers.table import PAGE, measured, page

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and write."""
    (ROOT / PAGE).write_text(page(measured()), encoding="utf-8")


if __name__ == "__main__":
    main()
