"""Options and arguments that several commands share, each defined once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from delegate.clock import Clock, read

__all__ = [
    "Json",
    "KeyFile",
    "Lifetime",
    "Now",
    "Output",
    "PassphraseFile",
    "RevocationFiles",
    "parse_duration",
    "parse_instant",
]

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_INSTANT: Final = re.compile(r"[0-9]{1,11}")


def parse_duration(text: str) -> int:
    """Seconds of ``90``, ``90s``, ``10m``, ``2h`` or ``7d``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        msg = f"{text!r} is not a length of time such as 90s, 10m, 2h or 7d"
        raise typer.BadParameter(msg)
    return int(match[1]) * _UNITS[match[2]]


def parse_instant(text: str) -> int:
    """Seconds since 1970 of ``1800000000``, or of ``+90s``, ``+10m``, ``+2h`` or ``+7d`` from now."""
    if text.startswith("+"):
        return read(Clock()) + parse_duration(text[1:])
    if not _INSTANT.fullmatch(text):
        msg = f"{text!r} is not an instant such as 1800000000 (seconds since 1970) or +1h (from now)"
        raise typer.BadParameter(msg)
    return int(text)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
KeyFile = Annotated[Path, typer.Option("--key", help="PEM file of the private key that signs.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="File with the passphrase of an encrypted key, mode 0600; else you are asked."),
]
Lifetime = Annotated[
    int | None,
    typer.Option("--expires-in", parser=parse_duration, metavar="TIME", help="Such as 90s, 10m or 2h."),
]
Now = Annotated[
    int | None,
    typer.Option(min=0, help="Judge as of this instant (seconds since 1970) instead of the clock's."),
]
RevocationFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--revocations", metavar="FILE", help="Revocation list of an issuer in the trust file; repeatable."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="New file (mode 0600) for the token; else standard output."),
]
