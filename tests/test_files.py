"""A file is replaced in one step or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from delegate.files import replace_file


def test_a_new_file_gets_the_mode_asked_for_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"one", new_mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    path.chmod(0o640)
    replace_file(path, b"two", new_mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_what_breaks_off_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old", new_mode=0o600)
    with patch.object(os, "fsync", side_effect=OSError("disk full")), pytest.raises(OSError, match="full"):
        replace_file(path, b"new", new_mode=0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_path_that_is_none_is_an_error_of_the_two_documented_kinds(tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "file", Path("a\0b")):
        with pytest.raises((OSError, ValueError)):
            replace_file(path, b"", new_mode=0o600)
