"""The command line: keys, trust files, tokens, and answers to "why was this refused?".

- ``app``       the commands put together
- ``keys``      keygen, key show
- ``trust``     trust add, trust show
- ``tokens``    issue, attenuate, inspect
- ``revocation``  revoke
- ``requests``  verify, explain (``captured`` reads a request out of a file)
- ``doctor``    doctor (``findings`` looks at files, ``diagnosis`` at the server, by way of ``probe`` and
  ``compare``)
- ``mask``      mask
- ``options``   options that several commands share;  ``files`` what they read and write
- ``output``    how anything is shown, and the exit codes

It needs the extra ``cli`` (Typer and rich), and nothing below this floor knows of it.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["main"]

_EXTRA: Final = frozenset({"click", "rich", "typer"})


def main() -> None:
    """Run the command that ``sys.argv`` asks for; exits with 0, 1 or 2 (see ``output``)."""
    try:
        from delegate.cli.app import app  # noqa: PLC0415 - an absent extra is answered here
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write("delegate: the command line is an extra: pip install 'delegate-security[cli]'\n")
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a box line gets an escape, not a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # both are text files
    app(prog_name="delegate")
