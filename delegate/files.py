"""Replacing a file in one step: a reader finds the old content or the new, never a part of either.

The rule: write beside it, flush to the disk, rename over it (POSIX ``rename``). A file keeps its mode when it
is replaced; only a new one gets the mode that its writer asks for.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["replace_file"]


def replace_file(path: Path, data: bytes, *, new_mode: int) -> None:
    """Put a complete file with ``data`` in the place of ``path``; ``new_mode`` is for one that was not there.

    Raises ``OSError`` or ``ValueError`` (a path with a NUL), and leaves the old file as it was.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else new_mode
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
