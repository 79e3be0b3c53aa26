"""``mask``: secrets and personal data out of a file, or the word where they are and by which rule.

The rules: nothing of what was found is shown, only where and what kind it is; what is not masked comes out
as it went in, byte for byte, except that a JSON value in which something was masked is written anew. JSON
lines and text are read and written as they come, so a log of any length passes through.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from delegate.cli.files import unusable
from delegate.cli.output import REFUSED, emit, progress, reported, show
from delegate.errors import MalformedError, TooLargeError
from delegate.limits import MASKING_FILE_MAX_BYTES, MASKING_TOTAL_MAX_CHARS, MASKING_WINDOW_CHARS
from delegate.masking.detectors import STANDARD
from delegate.masking.documents import read_json
from delegate.masking.findings import Action, Finding, part, tally
from delegate.masking.masker import Masked, Masker
from delegate.masking.policy import Policy
from delegate.token.picture import visible

__all__ = ["mask"]

_STDIN: Final = "-"
_UTF8: Final = ("utf-8", "surrogateescape")
"""Bytes that are no text come out as they went in."""

_SOURCES: Final = {row.id: row.source for row in STANDARD}
_REASONS: Final = {
    "name": "its key or name says so",
    "scheme": "it follows an authorization scheme",
    "command": "it is the password of a command line",
    "known": "this process knows it as a secret",
    "depth": "it was not searched: too deep",
    "nodes": "it was not searched: too many members",
    "size": "it was not searched: too long",
    "error": "it could not be searched",
}
"""By the first word of a rule that is not a row of the table of detectors."""


class Format(StrEnum):
    """How the file is written."""

    json = "json"
    jsonl = "jsonl"
    text = "text"


_BY_SUFFIX: Final = {".json": Format.json, ".jsonl": Format.jsonl, ".ndjson": Format.jsonl}


@reported
def mask(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; '-' is standard input.")],
    *,
    written: Annotated[
        Format | None, typer.Option("--format", help="How it is written; default: as its name ends, or text.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New file (mode 0600) for what may leave.")
    ] = None,
    off: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Leave this kind; repeatable.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is there; exit 1 if anything is.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say by which rule each was found.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON object.")] = False,
) -> None:
    """Mask secrets and personal data in JSON, JSON lines or text.

    What may leave goes to standard output, unless --output, --check, --explain or --json say otherwise.
    """
    masker = Masker(Policy(kinds=dict.fromkeys(off or (), "off")))
    form = written or _BY_SUFFIX.get(Path(file).suffix.lower(), Format.text)
    quiet = check or explain or as_json
    with _source(file) as source, _sink(output, quiet=quiet) as write:
        findings = tally(_through(_PARTS[form](source, masker), write))
    if as_json:
        emit({"format": form.value, "findings": [finding.to_json() for finding in findings]})
    elif check or explain:
        show("\n".join(_line(finding, explain=explain) for finding in findings) or "nothing found")
    if check and findings:
        raise typer.Exit(REFUSED)


def _through(
    parts: Iterable[Masked], write: Callable[[str], object]
) -> Iterator[tuple[str, str, str, Action]]:
    """Write what may leave of each part; the sightings in it."""
    for each in parts:
        write(each.value)
        for finding in each.findings:
            yield from [(finding.pointer, finding.kind, finding.detector, finding.action)] * finding.count


# --- by format -------------------------------------------------------------------------------------


def _document(source: BinaryIO, masker: Masker) -> Iterator[Masked]:
    data = source.read(MASKING_FILE_MAX_BYTES + 1)
    if len(data) > MASKING_FILE_MAX_BYTES:
        msg = f"a JSON document of more than {MASKING_FILE_MAX_BYTES} bytes: write it as JSON lines"
        raise TooLargeError(msg, limit=MASKING_FILE_MAX_BYTES)
    text = data.decode(*_UTF8)
    try:
        value = read_json(text)
    except ValueError:
        msg = "the file is no JSON document, or one that repeats a member: use --format text"
        raise MalformedError(msg) from None
    yield _rewritten(text, value, masker, indent=2 if "\n" in text.strip() else None)


def _lines(source: BinaryIO, masker: Masker) -> Iterator[Masked]:
    for number, line in enumerate(iter(partial(source.readline, MASKING_TOTAL_MAX_CHARS), b""), 1):
        text = line.decode(*_UTF8)
        try:
            done = _rewritten(text, read_json(text), masker)
        except ValueError:  # a line of something else; one too long to be held is over a bound as well
            done = masker.mask(text)
        yield Masked(done.value, tuple(_on_line(number, finding) for finding in done.findings))


def _text(source: BinaryIO, masker: Masker) -> Iterator[Masked]:
    chunks = iter(partial(source.read, MASKING_WINDOW_CHARS), b"")
    return masker.mask_stream(_decoded(chunks))


_PARTS: Final[dict[Format, Callable[[BinaryIO, Masker], Iterator[Masked]]]] = {
    Format.json: _document,
    Format.jsonl: _lines,
    Format.text: _text,
}


def _rewritten(text: str, value: object, masker: Masker, *, indent: int | None = None) -> Masked:
    """``text``, which says ``value``, as it may leave: itself where nothing has to be masked."""
    done = masker.mask(value)
    if done.value is value:
        return Masked(text, done.findings)
    end = text[len(text.rstrip()) :]
    written = json.dumps(done.value, indent=indent, ensure_ascii=text.isascii())
    return Masked(written + end, done.findings)


def _on_line(number: int, finding: Finding) -> Finding:
    return replace(finding, pointer=part(str(number)) + finding.pointer)


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """Text of chunks that may end in the middle of a character."""
    decoder = codecs.getincrementaldecoder(_UTF8[0])(_UTF8[1])
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


# --- in and out ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _source(file: str) -> Iterator[BinaryIO]:
    if file == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise unusable(error, file, "read") from None
    with opened, progress(opened, f"masking {visible(file)}") as source:
        yield source


@contextlib.contextmanager
def _sink(output: Path | None, *, quiet: bool) -> Iterator[Callable[[str], object]]:
    if output is None:
        yield (lambda _: None) if quiet else (lambda text: typer.echo(_encoded(text), nl=False))
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        raise unusable(error, str(output), "write") from None
    with os.fdopen(descriptor, "wb") as file:
        yield lambda text: file.write(_encoded(text))


def _encoded(text: str) -> bytes:
    try:
        return text.encode(*_UTF8)
    except UnicodeEncodeError:  # half of a surrogate pair, out of a JSON escape
        return text.encode("utf-8", "replace")


# --- findings --------------------------------------------------------------------------------------


def _line(finding: Finding, *, explain: bool) -> str:
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    found = f"{visible(finding.pointer) or '/'}: {finding.kind}{times}"
    if not explain:
        return found
    reason = _SOURCES.get(finding.detector) or _REASONS.get(
        finding.detector.partition("-")[0], "it has its form"
    )
    return f"{found}, by rule {finding.detector} ({reason}); the value is hidden"
