"""How the command line speaks: text or JSON on standard output, refusals on standard error, exit codes.

    0  it was done, or the verdict is yes
    1  refused: the verdict is no
    2  the question could not be asked: wrong usage, a missing file, a key that cannot be read

The rules: with ``--json`` standard output is one JSON object, a refusal included; what strangers wrote is
shown without terminal escapes and is never read as markup; colour and progress appear on a terminal only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn, ParamSpec

import typer
from rich.console import Console
from rich.progress import wrap_file
from rich.status import Status
from rich.text import Text

from delegate.errors import ConfigurationError, DelegateError, KeyUnavailableError
from delegate.token.picture import UNVERIFIED, WIDTH_DEFAULT, visible
from delegate.token.refusal import Refusal

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["REFUSED", "USAGE", "emit", "progress", "reported", "show", "width", "working"]

REFUSED: Final = 1
USAGE: Final = 2

_P = ParamSpec("_P")
_STYLES: Final = (
    ("\N{BALLOT X}", "red"),
    ("refused", "red"),
    ("fail", "red"),
    ("warn", "yellow"),
    ("\N{CHECK MARK}", "green"),
    ("ok", "green"),
)
"""How a line that begins so is coloured, the prefix UNVERIFIED and the border of a box aside."""


def reported(command: Callable[_P, None]) -> Callable[_P, None]:
    """Turn a ``DelegateError`` of a command into its message and exit code."""

    @wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DelegateError as error:
            _fail(error, as_json=kwargs.get("as_json") is True)

    return run


def _fail(error: DelegateError, *, as_json: bool) -> NoReturn:
    refusal = Refusal.of(error)
    if as_json:
        emit({"refusal": refusal.to_json()})
    typer.echo(f"delegate: {refusal.code}: {visible(refusal.message)}\n  fix: {refusal.fix}", err=True)
    raise typer.Exit(USAGE if isinstance(error, ConfigurationError | KeyUnavailableError) else REFUSED)


def emit(value: Mapping[str, JsonValue]) -> None:
    """Print one JSON object, in ASCII."""
    typer.echo(json.dumps(value, indent=2))


def show(text: str) -> None:
    """Print lines, coloured by what they say when a terminal reads them."""
    console = _console()
    for line in text.split("\n"):
        styled = Text(line)
        mark = UNVERIFIED if line.startswith(UNVERIFIED) else ""
        styled.stylize("yellow", 0, len(mark))
        bare = line.removeprefix(mark).lstrip(" │")
        style = next((style for start, style in _STYLES if bare.startswith(start)), None)
        if style:
            styled.stylize(style, len(mark))
        console.print(styled, soft_wrap=True)


def width() -> int:
    """How wide a picture may be: the terminal's width up to the usual one, the usual one in a pipe."""
    console = _console()
    return min(console.width, WIDTH_DEFAULT) if console.is_terminal else WIDTH_DEFAULT


def working(what: str) -> Status:
    """Show on standard error that ``what`` is under way: a context manager, silent outside a terminal."""
    return _console(stderr=True).status(what)


@contextmanager
def progress(file: BinaryIO, what: str) -> Iterator[BinaryIO]:
    """``file``, with a bar on standard error that fills as it is read; on a terminal only."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield file
        return
    total = os.fstat(file.fileno()).st_size
    with wrap_file(file, total, description=what, console=console, transient=True) as watched:
        yield watched


def _console(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup, no emoji codes, no guessed colours."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
